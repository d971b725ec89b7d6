/**
 * The global `WebAssembly`: an accessor until somebody wants it, then V8's namespace with limits around it (parts/wasm). Most instances never do,
 * so none pays for it when it starts.
 */
import { loadPart } from "../../parts/load-part.ts";
import type { CompileImported } from "../../parts/wasm/install-wasm.ts";
import type { WasmNamespace } from "../../parts/wasm/native.ts";

const { defineProperty } = Object;
const { getOwnPropertyDescriptor } = Object;

/** Called once in each isolate before any of the author's code runs there. Returns what compiles the version's own modules. */
export function limitWebAssembly(target: object, memoryMiB: number): CompileImported {
  const namespace = getOwnPropertyDescriptor(target, "WebAssembly")?.value as WasmNamespace | undefined;
  if (namespace === undefined) throw new Error("Cannot start: this engine has no WebAssembly");
  let compile: CompileImported | null = null;
  const installed = (): CompileImported => {
    compile ??= loadPart("wasm").installWasm(namespace, memoryMiB);
    return compile;
  };
  const settle = (value: unknown): void => {
    defineProperty(target, "WebAssembly", attributes({ value, writable: true, enumerable: false, configurable: true }));
  };
  const get = (): unknown => {
    installed();
    settle(namespace);
    return namespace;
  };
  defineProperty(target, "WebAssembly", attributes({ get, set: settle, enumerable: false, configurable: true }));
  return (bytes) => installed()(bytes);
}

/** Free of what user code may have put on Object.prototype. */
function attributes(descriptor: PropertyDescriptor): PropertyDescriptor {
  return { ...descriptor, __proto__: null } as PropertyDescriptor;
}
