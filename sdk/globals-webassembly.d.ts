/* oxlint-disable no-var, no-redeclare, typescript/no-explicit-any, typescript/no-unnecessary-type-parameters, import/no-default-export, typescript/no-extraneous-class -- declarations follow the standards: globals are var, an instance's exports are whatever its module says */
/**
 * WebAssembly for authors (https://webassembly.github.io/spec/js-api/, https://webassembly.github.io/spec/web-api/), and imports of `.wasm` files.
 * Memories are never shared; all memories of one instance together fit into the function's `memoryMiB`.
 */

declare namespace WebAssembly {
  class CompileError extends Error {
    constructor(message?: string, options?: { cause?: unknown });
  }
  class LinkError extends Error {
    constructor(message?: string, options?: { cause?: unknown });
  }
  class RuntimeError extends Error {
    constructor(message?: string, options?: { cause?: unknown });
  }

  class Global<T extends ValueType = ValueType> {
    constructor(descriptor: { value: T; mutable?: boolean }, value?: ValueTypeMap[T]);
    value: ValueTypeMap[T];
    valueOf(): ValueTypeMap[T];
  }
  class Instance {
    constructor(module: Module, importObject?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number });
    constructor(descriptor: { address: "i64"; initial: bigint; maximum?: bigint });
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
  }
  class Module {
    constructor(bytes: BufferSource);
    static customSections(module: Module, sectionName: string): ArrayBuffer[];
    static exports(module: Module): { kind: ImportExportKind; name: string }[];
    static imports(module: Module): { kind: ImportExportKind; module: string; name: string }[];
  }
  class Table {
    constructor(descriptor: { element: TableKind; initial: number; maximum?: number }, value?: any);
    readonly length: number;
    get(index: number): any;
    grow(delta: number, value?: any): number;
    set(index: number, value?: any): void;
  }
  class Tag {
    constructor(type: { parameters: Iterable<ValueType> });
  }
  class Exception {
    constructor(tag: Tag, payload: Iterable<any>, options?: { traceStack?: boolean });
    readonly stack: string | undefined;
    getArg(tag: Tag, index: number): any;
    is(tag: Tag): boolean;
  }
  /** The tag of exceptions that JavaScript threw. */
  const JSTag: Tag;

  function compile(bytes: BufferSource): Promise<Module>;
  /** The response must be a successful one of type `application/wasm`. */
  function compileStreaming(source: Response | PromiseLike<Response>): Promise<Module>;
  function instantiate(bytes: BufferSource, importObject?: Imports): Promise<InstantiatedSource>;
  function instantiate(module: Module, importObject?: Imports): Promise<Instance>;
  /** The response must be a successful one of type `application/wasm`. */
  function instantiateStreaming(
    source: Response | PromiseLike<Response>,
    importObject?: Imports,
  ): Promise<InstantiatedSource>;
  function validate(bytes: BufferSource): boolean;

  interface InstantiatedSource {
    instance: Instance;
    module: Module;
  }
  interface ValueTypeMap {
    anyfunc: Function;
    externref: any;
    f32: number;
    f64: number;
    i32: number;
    i64: bigint;
    v128: never;
  }
  type ValueType = keyof ValueTypeMap;
  type ImportExportKind = "function" | "global" | "memory" | "table" | "tag";
  type TableKind = "anyfunc" | "externref";
  type ImportValue = Function | Global | Memory | Table | Tag | number | bigint;
  type Imports = Record<string, Record<string, ImportValue>>;
  type Exports = Record<string, any>;
}

/** `import module from "./x.wasm"`: compiled once for a version, and not part of the bundle's code. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
