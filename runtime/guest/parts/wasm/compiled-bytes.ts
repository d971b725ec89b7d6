/** Bounds what an instance compiles when it runs: V8 does not count compiled modules as memory of the isolate. */
import { OriginalRangeError, webAssemblyLimits } from "../../web/wasm/originals.ts";
import { Budget } from "./budget.ts";

/** What V8 keeps for a function besides its code; 99 MB for a million that do nothing. */
const functionBytes = 100;

export class CompiledBytes {
  readonly #budget: Budget = new Budget({
    unitsMax: webAssemblyLimits.compiledBytesMax,
    claimsMax: webAssemblyLimits.compiledModulesMax,
  });

  /** The module that `compile` makes of these bytes. @throws a RangeError when there are too many, and what `compile` throws. */
  make({ bytes, functions }: { readonly bytes: number; readonly functions: number }, compile: () => object): object {
    const cost = bytes + functions * functionBytes;
    if (!this.#budget.hasRoom(cost)) this.#budget.collect();
    if (this.#budget.hasRoom(cost)) return this.#budget.claim(cost, compile);
    const { compiledBytesMax, compiledModulesMax } = webAssemblyLimits;
    throw new OriginalRangeError(
      `Cannot compile a WebAssembly module: received ${bytes} bytes and ${functions} functions, allowed ${compiledBytesMax} bytes (a function counts ${functionBytes}) and ${compiledModulesMax} modules in all: compile a module once, or import it`,
    );
  }
}
