/**
 * Part: V8's WebAssembly within bounds. Loaded at the first use of `WebAssembly`, maybe long after the author's code began to run: whatever it relies on
 * comes from web/wasm/originals.ts, and it takes nothing from the global object while it is loaded.
 */
export { installWasm } from "./install-wasm.ts";
