/** The file system with faults that tests switch on: operations that fail, hang, or write only in part. */
import { nodeDiskFiles, type DiskFiles } from "../../../edge-node/cache/disk/disk-files.ts";

export type FileOperation = keyof DiskFiles;

/** What an operation does instead: fail with a code, wait until `release`, or (write) take half. */
export type Fault = { readonly fail: string } | { readonly hang: true } | { readonly half: true };

export class FaultyFiles implements DiskFiles {
  /** Operations that were tried. */
  readonly #counts = new Map<FileOperation, number>();
  #faults = new Map<FileOperation, Fault>();
  #hanging: (() => void)[] = [];

  /** From now on; undefined for all that is well. */
  set(fault: Fault | undefined, ...operations: readonly FileOperation[]): void {
    if (fault === undefined) this.#faults.clear();
    else for (const operation of operations) this.#faults.set(operation, fault);
  }

  /** Ends the faults; what hung goes on. */
  release(): void {
    this.#faults.clear();
    for (const goOn of this.#hanging.splice(0)) goOn();
  }

  get hanging(): number {
    return this.#hanging.length;
  }

  count(operation: FileOperation): number {
    return this.#counts.get(operation) ?? 0;
  }

  readonly open: DiskFiles["open"] = (...args) => this.#run("open", () => nodeDiskFiles.open(...args));
  readonly read: DiskFiles["read"] = (...args) => this.#run("read", () => nodeDiskFiles.read(...args));
  /** Runs within each read in the event loop. */
  beforeReadNow: () => void = () => {};

  readonly readNow: DiskFiles["readNow"] = (...args) => {
    this.#counts.set("readNow", this.count("readNow") + 1);
    const fault = this.#faults.get("readNow");
    if (fault !== undefined && "fail" in fault) throw Object.assign(new Error(fault.fail), { code: fault.fail });
    this.beforeReadNow();
    return nodeDiskFiles.readNow(...args);
  };
  readonly truncate: DiskFiles["truncate"] = (...args) => this.#run("truncate", () => nodeDiskFiles.truncate(...args));
  readonly close: DiskFiles["close"] = (...args) => this.#run("close", () => nodeDiskFiles.close(...args));
  readonly stat: DiskFiles["stat"] = (...args) => this.#run("stat", () => nodeDiskFiles.stat(...args));
  readonly statOpen: DiskFiles["statOpen"] = (...args) => this.#run("statOpen", () => nodeDiskFiles.statOpen(...args));
  readonly list: DiskFiles["list"] = (...args) => this.#run("list", () => nodeDiskFiles.list(...args));
  readonly readWhole: DiskFiles["readWhole"] = (...args) =>
    this.#run("readWhole", () => nodeDiskFiles.readWhole(...args));
  readonly replaceWhole: DiskFiles["replaceWhole"] = (...args) =>
    this.#run("replaceWhole", () => nodeDiskFiles.replaceWhole(...args));
  readonly rename: DiskFiles["rename"] = (...args) => this.#run("rename", () => nodeDiskFiles.rename(...args));
  readonly remove: DiskFiles["remove"] = (...args) => this.#run("remove", () => nodeDiskFiles.remove(...args));
  readonly removeFolder: DiskFiles["removeFolder"] = (...args) =>
    this.#run("removeFolder", () => nodeDiskFiles.removeFolder(...args));
  readonly makeFolder: DiskFiles["makeFolder"] = (...args) =>
    this.#run("makeFolder", () => nodeDiskFiles.makeFolder(...args));

  readonly write: DiskFiles["write"] = (descriptor, parts, position) => {
    const fault = this.#faults.get("write");
    if (fault === undefined || !("half" in fault)) {
      return this.#run("write", () => nodeDiskFiles.write(descriptor, parts, position));
    }
    const whole = Buffer.concat(parts);
    return nodeDiskFiles.write(descriptor, [whole.subarray(0, whole.byteLength / 2)], position);
  };

  async #run<T>(operation: FileOperation, perform: () => Promise<T>): Promise<T> {
    this.#counts.set(operation, this.count(operation) + 1);
    const fault = this.#faults.get(operation);
    if (fault !== undefined && "fail" in fault) throw Object.assign(new Error(fault.fail), { code: fault.fail });
    if (fault !== undefined && "hang" in fault) await new Promise<void>((resolve) => this.#hanging.push(resolve));
    return perform();
  }
}
