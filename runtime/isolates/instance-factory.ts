/**
 * Makes instances, and keeps a few prepared isolates at hand so that a cold start pays only for the author's code.
 *
 * A version with a snapshot starts from that; one without (small bundles) is evaluated in a prepared isolate.
 */
import type { RunnableVersion } from "../driver.ts";
import { defaultFunctionLimits, publishLimits } from "../../sdk/limits.ts";
import { ThreadPool } from "../host-operations/thread-pool.ts";
import type { GuestCode } from "../guest-code.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import {
  connectIsolate,
  disposeQuietly,
  loadWasm,
  prepareIsolate,
  runScript,
  scriptNames,
  type PreparedIsolate,
  type PrepareOptions,
} from "./boot.ts";
import { Instance } from "./instance.ts";
import type { InstanceOwner } from "./instance-owner.ts";
import type { InstanceSize } from "./instance-pool.ts";
import { ivm, type ExternalCopy } from "./isolated-vm.ts";
import { VersionWasm } from "./wasm-modules.ts";

const refillDelayMs = 20;

export interface InstanceFactoryOptions {
  readonly environment: RuntimeEnvironment;
  readonly guest: GuestCode;
  /** Made by `createBaseSnapshot` in a runtime with the same key, or null. */
  readonly baseSnapshot: Uint8Array | null;
  /** Prepared isolates kept at hand. */
  readonly spares: number;
}

/** What an instance is made from; the snapshot's copy is shared by all instances of a version. */
export interface InstanceSource {
  readonly version: RunnableVersion;
  readonly snapshot: ExternalCopy<ArrayBuffer> | null;
  readonly wasm: VersionWasm;
}

export interface InstanceOrder {
  readonly owner: InstanceOwner;
  /** MiB; null: the version's own. */
  readonly size: InstanceSize;
}

export class InstanceFactory {
  readonly #options: InstanceFactoryOptions;
  readonly #baseSnapshot: ExternalCopy<ArrayBuffer> | null;
  readonly #onCatastrophe: (key: string, message: string) => void;
  readonly #spares: OwnedIsolate[] = [];
  readonly #pool: ThreadPool;
  #preparing = 0;
  #refillScheduled = false;
  #nextNumber = 1;
  #closed = false;

  /** `onCatastrophe` gets the key of the version whose isolate V8 gave up, "" for an isolate that nobody had used. */
  constructor(options: InstanceFactoryOptions, onCatastrophe: (key: string, message: string) => void) {
    this.#options = options;
    this.#pool = new ThreadPool(() => options.environment.nowMs());
    this.#onCatastrophe = onCatastrophe;
    this.#baseSnapshot = options.baseSnapshot === null ? null : externalCopy(options.baseSnapshot);
  }

  /** Fills the store of prepared isolates; resolves when it is full. */
  async fillSpares(): Promise<void> {
    while (!this.#closed && this.#spares.length + this.#preparing < this.#options.spares) {
      this.#preparing += 1;
      try {
        const prepared = await this.#prepare({ memoryMiB: defaultFunctionLimits.memoryMiB, allowEval: false });
        if (this.#closed) disposeQuietly(prepared.isolate);
        else this.#spares.push(prepared);
      } finally {
        this.#preparing -= 1;
      }
    }
  }

  /** The form of a version's snapshot that isolates are made from. */
  source(version: RunnableVersion): InstanceSource {
    const { snapshot, wasm, limits } = version;
    return {
      version,
      snapshot: snapshot === null ? null : externalCopy(snapshot),
      wasm: new VersionWasm(wasm, limits.memoryMiB),
    };
  }

  /** A connected instance. Throws what the author's top level throws. */
  async create(source: InstanceSource, { owner, size }: InstanceOrder): Promise<Instance> {
    const version = inSize(source.version, size);
    const { prepared, evaluated } =
      source.snapshot === null
        ? await this.#evaluating(version, source.wasm)
        : { prepared: await this.#restored(version, source.snapshot), evaluated: null };
    const instance = new Instance({
      number: this.#nextNumber++,
      isolate: prepared.isolate,
      limits: version.limits,
      size,
      environment: this.#options.environment,
      owner,
      pool: this.#pool.user(version.key),
    });
    try {
      // Asked for at once, so that the isolate's thread goes on with it when the module is evaluated, without a way here and back.
      const connecting = connectIsolate(prepared, version, {
        environment: this.#options.environment,
        send: instance.onGuestWords,
        compute: instance.compute,
        measured: instance.measured,
      });
      // What the module threw says more.
      connecting.catch(() => undefined);
      await evaluated;
      instance.connected(await connecting);
      return instance;
    } catch (error) {
      // It may have spoken already: whoever heard it is told that it is gone.
      instance.stop("FUNCTION_LOAD_FAILED", "The instance did not start");
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    for (const spare of this.#spares.splice(0)) disposeQuietly(spare.isolate);
  }

  async #evaluating(version: RunnableVersion, wasm: VersionWasm): Promise<EvaluatingIsolate> {
    await wasm.ready();
    const spare = this.#hasSpareFor(version) ? this.#spares.pop() : undefined;
    const prepared =
      spare ?? (await this.#prepare({ memoryMiB: version.limits.memoryMiB, allowEval: version.allowEval }));
    prepared.user.key = version.key;
    if (spare !== undefined) this.#refillLater();
    try {
      await loadWasm(prepared.context, wasm.modules, { timeoutMs: publishLimits.evaluateMs });
      const evaluated = runScript(prepared.context, version.code, {
        filename: scriptNames.function,
        timeoutMs: publishLimits.evaluateMs,
      });
      return { prepared, evaluated };
    } catch (error) {
      disposeQuietly(prepared.isolate);
      throw error;
    }
  }

  #hasSpareFor({ allowEval, limits }: RunnableVersion): boolean {
    return this.#spares.length > 0 && !allowEval && limits.memoryMiB === defaultFunctionLimits.memoryMiB;
  }

  /** Making an isolate blocks this thread for milliseconds: not while the request that took the spare is starting. */
  #refillLater(): void {
    if (this.#refillScheduled) return;
    this.#refillScheduled = true;
    this.#options.environment.startTimer(refillDelayMs, () => {
      this.#refillScheduled = false;
      this.fillSpares().catch((error: unknown) => {
        this.#onCatastrophe("", `Cannot prepare an isolate: ${String(error)}`);
      });
    });
  }

  #restored(version: RunnableVersion, snapshot: ExternalCopy<ArrayBuffer>): Promise<OwnedIsolate> {
    const { allowEval, limits } = version;
    return this.#prepareFor({ key: version.key }, { memoryMiB: limits.memoryMiB, snapshot, allowEval });
  }

  #prepare({ memoryMiB, allowEval }: Pick<PrepareOptions, "memoryMiB" | "allowEval">): Promise<OwnedIsolate> {
    return this.#prepareFor({ key: "" }, { memoryMiB, allowEval, snapshot: this.#baseSnapshot });
  }

  async #prepareFor(
    user: OwnedIsolate["user"],
    from: Pick<PrepareOptions, "memoryMiB" | "allowEval" | "snapshot">,
  ): Promise<OwnedIsolate> {
    const { guest } = this.#options;
    const onCatastrophe = (message: string): void => {
      this.#onCatastrophe(user.key, message);
    };
    return { ...(await prepareIsolate({ ...from, guest, onCatastrophe })), user };
  }
}

/** An isolate and whose code runs in it: "" until it is given to a version. */
interface OwnedIsolate extends PreparedIsolate {
  readonly user: { key: string };
}

interface EvaluatingIsolate {
  readonly prepared: OwnedIsolate;
  /** The module's top level has run. Rejects with what it throws. */
  readonly evaluated: Promise<void>;
}

/** The version as an instance of that size is told of it. */
function inSize(version: RunnableVersion, size: InstanceSize): RunnableVersion {
  if (size === null) return version;
  const { environment, limits } = version;
  const named = environment[memoryVariable] === undefined ? {} : { [memoryVariable]: String(size) };
  return { ...version, limits: { ...limits, memoryMiB: size }, environment: { ...environment, ...named } };
}

/** Among what event functions are told (sdk/runtime-variables.ts). */
const memoryVariable = "RUNTIME_MEMORY";

function externalCopy(bytes: Uint8Array): ExternalCopy<ArrayBuffer> {
  return new ivm.ExternalCopy(new Uint8Array(bytes).buffer);
}
