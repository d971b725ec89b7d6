/** Bounds what an instance compiles when it runs: V8 does not count compiled modules as memory of the isolate. */
import { webAssemblyLimits } from "../../../../sdk/limits.ts";
import { Budget } from "./budget.ts";

const ModuleRangeError = RangeError;

export class CompiledBytes {
  readonly #budget: Budget = new Budget({
    unitsMax: webAssemblyLimits.compiledBytesMax,
    claimsMax: webAssemblyLimits.compiledModulesMax,
  });

  /** The module of `bytes` bytes that `compile` makes. @throws a RangeError when there are too many, and what `compile` throws. */
  make(bytes: number, compile: () => object): object {
    if (!this.#budget.hasRoom(bytes)) this.#budget.collect();
    if (this.#budget.hasRoom(bytes)) return this.#budget.claim(bytes, compile);
    const { compiledBytesMax, compiledModulesMax } = webAssemblyLimits;
    throw new ModuleRangeError(
      `Cannot compile a WebAssembly module: received ${bytes} bytes, allowed ${compiledBytesMax} bytes and ${compiledModulesMax} modules in all: compile a module once, or import it`,
    );
  }
}
