/**
 * Compiling and instantiating within the instance's bounds: every module is rewritten before V8 sees it (limit-module.ts), and
 * what it declared comes from the budget when it is instantiated.
 *
 * Everything runs synchronously: V8's background compilation would not be counted as CPU time of the function. Invariant: no module without a
 * limit exists, so none can be instantiated. Relies on nothing that user code can replace.
 */
import {
  apply,
  construct,
  create,
  freeze,
  getOfWeakMap,
  getProperty,
  OriginalProxy,
  OriginalRangeError,
  OriginalTypeError,
  OriginalUint8Array,
  OriginalWeakMap,
  setOfWeakMap,
  toBigInt,
  webAssemblyLimits,
} from "../../web/wasm/originals.ts";
import { limitModule, memoryImportName, type DeclaredMemory } from "./limit-module.ts";
import { lengthOf } from "./module-bytes.ts";
import { isObject } from "../../web/core/webidl.ts";
import { bytesOf, isBufferSource } from "../../web/encoding/buffer-source.ts";
import type { CompiledBytes } from "./compiled-bytes.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { Constructor, ModuleImport, NativeWasm } from "./native.ts";

/** What a module's limited form needs when it is instantiated. */
export interface ModuleNeeds {
  readonly memories: readonly DeclaredMemory[];
  readonly areTablesTooLarge: boolean;
}

export class WasmModules {
  readonly #native: NativeWasm;
  readonly #budget: MemoryBudget;
  readonly #compiled: CompiledBytes;
  readonly #tableElementsMax: number;
  readonly #needs: WeakMap<object, ModuleNeeds> = new OriginalWeakMap<object, ModuleNeeds>();

  constructor(
    native: NativeWasm,
    parts: { readonly budget: MemoryBudget; readonly compiled: CompiledBytes; readonly tableElementsMax: number },
  ) {
    this.#native = native;
    this.#budget = parts.budget;
    this.#compiled = parts.compiled;
    this.#tableElementsMax = parts.tableElementsMax;
  }

  /** `new WebAssembly.Module(source)`. @throws TypeError, CompileError, RangeError. */
  compile(source: Uint8Array<ArrayBuffer>, newTarget: Constructor): object {
    const limited = limitModule(source, {
      tableElementsMax: this.#tableElementsMax,
      functionsMax: webAssemblyLimits.functionsMax,
    });
    switch (limited.kind) {
      case "refused":
        throw new this.#native.CompileError(`Cannot compile a WebAssembly module: ${limited.reason}`);
      case "unreadable":
        // Throws the engine's own error, which says where the module is wrong.
        if (!apply(this.#native.validate, undefined, [source])) this.#construct(source, newTarget);
        throw new this.#native.CompileError(
          "Cannot compile a WebAssembly module: it uses features that cannot be limited",
        );
      case "limited":
        return this.#compiled.make({ bytes: lengthOf(source), functions: limited.functions }, () => {
          const module = this.#construct(limited.bytes, newTarget);
          this.#remember(module, limited);
          return module;
        });
    }
  }

  validate(source: Uint8Array<ArrayBuffer>): boolean {
    const limited = limitModule(source, {
      tableElementsMax: this.#tableElementsMax,
      functionsMax: webAssemblyLimits.functionsMax,
    });
    return limited.kind === "limited" && apply(this.#native.validate, undefined, [limited.bytes]);
  }

  /** `new WebAssembly.Instance(module, imports)`. @throws TypeError, LinkError, RangeError, and what its start function throws. */
  instantiate(
    module: unknown,
    { imports, newTarget }: { readonly imports: unknown; readonly newTarget: Constructor },
  ): object {
    const { Instance } = this.#native;
    const needs = this.#needsOf(module);
    if (needs === undefined) return construct(Instance, [module, imports], newTarget) as object;
    if (needs.areTablesTooLarge) {
      throw new OriginalRangeError(
        `Cannot instantiate a WebAssembly module: its tables have too many elements, allowed ${this.#tableElementsMax}`,
      );
    }
    if (imports === undefined ? this.importsOf(module).length > 0 : !isObject(imports)) {
      throw new OriginalTypeError("WebAssembly.Instance(): argument 1 must be an object with the module's imports");
    }
    const own = needs.memories.length === 0 ? imports : importsWith(this.#memoriesOf(needs), imports);
    return construct(Instance, [module, own], newTarget) as object;
  }

  /** `WebAssembly.Module.imports(module)`: what the author's module imports. */
  importsOf(module: unknown): ModuleImport[] {
    const all = this.#native.importsOf(module);
    all.length -= this.#needsOf(module)?.memories.length ?? 0;
    return all;
  }

  makeMemory(wish: DeclaredMemory & { readonly isShared?: boolean }, newTarget: Constructor): object {
    return this.#budget.make(wish, (maximumPages) => {
      const { initialPages, is64, isShared = false } = wish;
      const descriptor = is64
        ? {
            __proto__: null,
            address: "i64",
            initial: toBigInt(initialPages),
            maximum: toBigInt(maximumPages),
            shared: isShared,
          }
        : { __proto__: null, initial: initialPages, maximum: maximumPages, shared: isShared };
      return construct(this.#native.Memory, [descriptor], newTarget) as object;
    });
  }

  #needsOf(module: unknown): ModuleNeeds | undefined {
    return isObject(module) ? (apply(getOfWeakMap, this.#needs, [module]) as ModuleNeeds | undefined) : undefined;
  }

  #construct(bytes: Uint8Array<ArrayBuffer>, newTarget: Constructor): object {
    return construct(this.#native.Module, [bytes], newTarget) as object;
  }

  #remember(module: object, { memories, areTablesTooLarge }: ModuleNeeds): void {
    if (memories.length === 0 && !areTablesTooLarge) return;
    this.#refuseOwnUse(module, memories.length);
    apply(setOfWeakMap, this.#needs, [module, { memories, areTablesTooLarge }]);
  }

  /** The name of the added imports is ours alone. */
  #refuseOwnUse(module: object, added: number): void {
    const all = this.#native.importsOf(module);
    for (let index = all.length - added - 1; index >= 0; index -= 1) {
      if (all[index]?.module !== memoryImportName) continue;
      throw new this.#native.CompileError(
        `Cannot compile a WebAssembly module: the import module name "${memoryImportName}" is reserved`,
      );
    }
  }

  #memoriesOf({ memories }: ModuleNeeds): object {
    const made = create(null) as Record<string, object>;
    for (let index = 0; index < memories.length; index += 1) {
      const wish = memories[index];
      if (wish !== undefined) made[`${index}`] = this.makeMemory(wish, this.#native.Memory);
    }
    return made;
  }
}

/** A private copy of a BufferSource. @throws a TypeError for anything else. */
export function copySource(source: unknown, where: string): Uint8Array<ArrayBuffer> {
  if (!isBufferSource(source)) throw new OriginalTypeError(`${where}: argument 0 must be a buffer source`);
  const bytes = construct(OriginalUint8Array, [bytesOf(source)]) as Uint8Array<ArrayBuffer>;
  if (lengthOf(bytes) > webAssemblyLimits.moduleBytesMax) {
    throw new OriginalRangeError(
      `${where}: received ${lengthOf(bytes)} bytes, allowed ${webAssemblyLimits.moduleBytesMax} for one module`,
    );
  }
  return bytes;
}

/** The author's import object with the memories beside it: read once for each import, as V8 does. */
function importsWith(memories: object, imports: unknown): object {
  const handler = freeze({
    __proto__: null,
    get: (_target: object, key: PropertyKey): unknown =>
      key === memoryImportName ? memories : isObject(imports) ? getProperty(imports, key) : undefined,
  });
  return new OriginalProxy(create(null) as object, handler);
}
