/**
 * The WebAssembly modules of one version in this process. They are compiled here once, and V8 lets every isolate of the process that compiles
 * the same bytes share the result as long as somebody holds it: this does, also while no instance lives.
 *
 * A module that cannot be compiled here is not reported from here: the instance that needs it finds out the same and says so.
 */
import { webAssemblyLimits } from "../../sdk/limits.ts";
import type { WasmModule } from "../driver.ts";
import { limitModule } from "../guest/parts/wasm/limit-module.ts";

export class VersionWasm {
  readonly modules: readonly WasmModule[];
  readonly #memoryMiB: number;
  #compiled: Promise<readonly unknown[]> | null = null;

  /** `memoryMiB`: the limit of the version's instances, which the modules are rewritten for. */
  constructor(modules: readonly WasmModule[], memoryMiB: number) {
    this.modules = modules;
    this.#memoryMiB = memoryMiB;
  }

  /** Resolves when all modules were compiled or refused; compiles when it is first called, on V8's own threads. */
  async ready(): Promise<void> {
    this.#compiled ??= Promise.all(this.modules.map(({ bytes }) => this.#compile(bytes)));
    await this.#compiled;
  }

  async #compile(bytes: Uint8Array): Promise<unknown> {
    const limited = limitModule(new Uint8Array(bytes), {
      tableElementsMax: this.#memoryMiB * webAssemblyLimits.tableElementsPerMiB,
      functionsMax: webAssemblyLimits.functionsMax,
    });
    if (limited.kind !== "limited") return null;
    try {
      return await WebAssembly.compile(limited.bytes);
    } catch {
      return null;
    }
  }
}
