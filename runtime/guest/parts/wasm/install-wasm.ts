/**
 * Puts limits around V8's WebAssembly: constructors and functions that could make memory or compile are replaced, everything else is V8's own.
 *
 * Runs in each isolate, because V8 puts a fresh WebAssembly into every one and none into a snapshot in the making. Invariant: V8's own constructors are
 * reachable only from here. The stack switching interface (Suspending, promising) is taken away: its stacks are memory that nobody counts.
 */
import {
  apply,
  construct,
  defineProperty,
  deleteProperty,
  freeze,
  OriginalProxy,
  OriginalRangeError,
  OriginalTypeError,
  tick,
  toBigInt,
  webAssemblyLimits,
} from "../../web/wasm/originals.ts";
import { isObject, requireArguments } from "../../web/core/webidl.ts";
import { CompiledBytes } from "./compiled-bytes.ts";
import { readMemoryDescriptor, readTableDescriptor } from "./descriptors.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { copySource, WasmModules } from "./modules.ts";
import type { Constructor, ModuleImport, NativeWasm, WasmNamespace } from "./native.ts";
import { readModuleResponse } from "./streaming.ts";

const pagesPerMiB = 16;

/** Compiles a module that the version imports; the bytes are this isolate's own. */
export type CompileImported = (bytes: Uint8Array<ArrayBuffer>) => object;

/** Replaces the members of `namespace` (V8's own `WebAssembly`). Not twice. */
export function installWasm(namespace: WasmNamespace, memoryMiB: number): CompileImported {
  const native = takeNative(namespace);
  const tableElementsMax = memoryMiB * webAssemblyLimits.tableElementsPerMiB;
  const modules = new WasmModules(native, {
    budget: new MemoryBudget(memoryMiB * pagesPerMiB),
    compiled: new CompiledBytes(),
    tableElementsMax,
  });
  replaceConstructors(namespace, { native, modules, tableElementsMax });
  replaceFunctions(namespace, { native, modules });
  deleteProperty(namespace, "Suspending");
  deleteProperty(namespace, "promising");
  deleteProperty(namespace, "SuspendError");
  return (bytes) => modules.compile(bytes, native.Module);
}

interface Parts {
  readonly native: NativeWasm;
  readonly modules: WasmModules;
}

function takeNative(namespace: WasmNamespace): NativeWasm {
  const { Module, Instance, Memory, Table, CompileError, validate } = namespace;
  const { imports, customSections } = Module as unknown as ModuleStatics;
  return {
    Module,
    Instance,
    Memory,
    Table,
    CompileError,
    validate,
    importsOf: (module) => apply(imports, undefined, [module]),
    isModule: (value): value is object => {
      try {
        apply(customSections, undefined, [value, ""]);
        return true;
      } catch {
        return false;
      }
    },
  };
}

interface ModuleStatics {
  readonly imports: (module: unknown) => ModuleImport[];
  readonly customSections: (module: unknown, name: string) => unknown;
}

type Construct = (parameters: readonly unknown[], newTarget: Constructor) => object;

/** A proxy, so that name, length, prototype and statics are V8's; calling it without `new` is V8's TypeError. */
function replaceConstructor(
  namespace: object,
  { name, constructor, make }: { readonly name: string; readonly constructor: object; readonly make: Construct },
): void {
  const handler = freeze({
    __proto__: null,
    construct: (_target: object, parameters: readonly unknown[], newTarget: Constructor) => make(parameters, newTarget),
  });
  const limited = new OriginalProxy(constructor, handler);
  defineHidden(namespace, name, limited);
  defineHidden((constructor as { readonly prototype: object }).prototype, "constructor", limited);
}

function replaceConstructors(
  namespace: object,
  { native, modules, tableElementsMax }: Parts & { readonly tableElementsMax: number },
): void {
  replaceConstructor(namespace, {
    name: "Module",
    constructor: native.Module,
    make: (parameters, newTarget) => modules.compile(copySource(parameters[0], "WebAssembly.Module()"), newTarget),
  });
  replaceConstructor(namespace, {
    name: "Instance",
    constructor: native.Instance,
    make: (parameters, newTarget) => modules.instantiate(parameters[0], { imports: parameters[1], newTarget }),
  });
  replaceConstructor(namespace, {
    name: "Memory",
    constructor: native.Memory,
    make: (parameters, newTarget) => {
      const { initial, maximum, is64, isShared } = readMemoryDescriptor(parameters[0]);
      if (maximum !== null && initial > maximum) {
        throw new OriginalRangeError(
          `WebAssembly.Memory(): property 'initial': received ${initial}, allowed 0..${maximum}`,
        );
      }
      return modules.makeMemory({ initialPages: initial, maximumPages: maximum, is64, isShared }, newTarget);
    },
  });
  replaceConstructor(namespace, {
    name: "Table",
    constructor: native.Table,
    make: (parameters, newTarget) => {
      const descriptor = limitedTable(parameters[0], tableElementsMax);
      // Whether there is an initial value makes a difference, not only which.
      const own = parameters.length < 2 ? [descriptor] : [descriptor, parameters[1]];
      return construct(native.Table, own, newTarget) as object;
    },
  });
}

function limitedTable(value: unknown, elementsMax: number): object {
  const { element, initial, maximum, is64 } = readTableDescriptor(value);
  if (initial > elementsMax) {
    throw new OriginalRangeError(
      `WebAssembly.Table(): property 'initial': received ${initial}, allowed 0..${elementsMax}`,
    );
  }
  const allowed = maximum === null || maximum > elementsMax ? elementsMax : maximum;
  if (!is64) return { __proto__: null, element, initial, maximum: allowed };
  return { __proto__: null, element, address: "i64", initial: toBigInt(initial), maximum: toBigInt(allowed) };
}

/** Methods, so that they cannot be called with `new`. No iteration: user code may have replaced what it uses. */
function replaceFunctions(namespace: object, parts: Parts): void {
  const { native, modules } = parts;
  const functions = { ...compileFunctions(parts), ...instantiateFunctions(parts) };
  defineFunction(namespace, "compile", functions.compile);
  defineFunction(namespace, "compileStreaming", functions.compileStreaming);
  defineFunction(namespace, "instantiate", functions.instantiate);
  defineFunction(namespace, "instantiateStreaming", functions.instantiateStreaming);
  defineFunction(namespace, "validate", functions.validate);
  const statics = {
    imports(...parameters: [module: unknown]) {
      requireArguments(parameters.length, 1, "WebAssembly.Module.imports");
      return modules.importsOf(parameters[0]);
    },
  };
  defineFunction(native.Module, "imports", statics.imports);
}

function compileFunctions({ native, modules }: Parts) {
  return {
    async compile(source: unknown): Promise<object> {
      const bytes = copySource(source, "WebAssembly.compile()");
      await tick;
      return modules.compile(bytes, native.Module);
    },
    async compileStreaming(source: unknown): Promise<object> {
      const where = "WebAssembly.compileStreaming()";
      return modules.compile(copySource(await readModuleResponse(source, where), where), native.Module);
    },
    validate(source: unknown): boolean {
      return modules.validate(copySource(source, "WebAssembly.validate()"));
    },
  };
}

function instantiateFunctions({ native, modules }: Parts) {
  const instantiateBytes = (source: Uint8Array<ArrayBuffer>, imports: unknown): object => {
    const module = modules.compile(source, native.Module);
    return { module, instance: modules.instantiate(module, { imports, newTarget: native.Instance }) };
  };
  return {
    async instantiate(...parameters: [source: unknown, imports?: unknown]): Promise<object> {
      const where = "WebAssembly.instantiate()";
      const source = parameters[0];
      const imports = parameters[1];
      requireImports(imports, where);
      if (native.isModule(source)) return modules.instantiate(source, { imports, newTarget: native.Instance });
      const bytes = copySource(source, where);
      await tick;
      return instantiateBytes(bytes, imports);
    },
    async instantiateStreaming(...parameters: [source: unknown, imports?: unknown]): Promise<object> {
      const where = "WebAssembly.instantiateStreaming()";
      const imports = parameters[1];
      requireImports(imports, where);
      return instantiateBytes(copySource(await readModuleResponse(parameters[0], where), where), imports);
    },
  };
}

function requireImports(imports: unknown, where: string): void {
  if (imports === undefined || isObject(imports)) return;
  throw new OriginalTypeError(`${where}: argument 1 must be an object with the module's imports`);
}

/** As Web IDL has the operations of a namespace; one parameter must be given. */
function defineFunction(target: object, name: string, value: object): void {
  defineProperty(value, "length", attributes({ value: 1, writable: false, enumerable: false, configurable: true }));
  defineProperty(target, name, attributes({ value, writable: true, enumerable: true, configurable: true }));
}

function defineHidden(target: object, name: string, value: object): void {
  defineProperty(target, name, attributes({ value, writable: true, enumerable: false, configurable: true }));
}

/** Free of what user code may have put on Object.prototype. */
function attributes(descriptor: PropertyDescriptor): PropertyDescriptor {
  return { ...descriptor, __proto__: null } as PropertyDescriptor;
}
