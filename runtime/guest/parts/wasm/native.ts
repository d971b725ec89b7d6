/**
 * V8's own WebAssembly as the wrappers in this folder use it. Whoever holds these can make memory without a bound: they never
 * reach user code.
 */
export type Constructor = new (...parameters: never[]) => object;

/** The namespace object; its members are replaced in place. */
export interface WasmNamespace {
  readonly Memory: Constructor;
  readonly Module: Constructor;
  readonly Instance: Constructor;
  readonly Table: Constructor;
  readonly CompileError: new (message: string) => Error;
  readonly validate: (bytes: unknown) => boolean;
}

export interface NativeWasm extends WasmNamespace {
  /** A new list. @throws a TypeError when `module` is no module. */
  readonly importsOf: (module: unknown) => ModuleImport[];
  readonly isModule: (value: unknown) => value is object;
}

export interface ModuleImport {
  readonly module: string;
}
