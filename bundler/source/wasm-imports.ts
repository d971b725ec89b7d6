/**
 * WebAssembly modules among the imports of one bundle: `import module from "./x.wasm"` gives a compiled `WebAssembly.Module`.
 *
 * Their bytes do not go into the script: it names each by its digest, and whoever runs it has compiled them by then. The name is the same wherever
 * the file lies, so that the same input gives the same script.
 */
import { digestOf } from "../../sdk/artifact-format.ts";
import type { Digest } from "../../sdk/artifact.ts";
import { webAssemblyLimits } from "../../sdk/limits.ts";
import type { SourcePath } from "./source-path.ts";

export interface WasmFile {
  readonly path: SourcePath;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

type Added = { readonly ok: true; readonly digest: Digest } | { readonly ok: false; readonly message: string };

/** Local to the script: modules by digest. */
const wasmVariable = "__selvageWasm";
/** A global function that the isolate has until it was called. */
const takeWasm = "__selvageTakeWasm";

const magic = [0x00, 0x61, 0x73, 0x6d];

export class WasmImports {
  readonly #files = new Map<Digest, WasmFile>();

  /** Takes one file, or says why it cannot be imported. */
  add(path: SourcePath, bytes: Uint8Array): Added {
    const { moduleBytesMax } = webAssemblyLimits;
    const problem = problemOf(bytes);
    if (problem !== null) return { ok: false, message: `${path}: ${problem}` };
    if (bytes.byteLength > moduleBytesMax) {
      const received = `has ${String(bytes.byteLength)} bytes`;
      return {
        ok: false,
        message: `${path}: ${received}, allowed are ${String(moduleBytesMax)} for a WebAssembly module`,
      };
    }
    const digest = digestOf(bytes);
    if (!this.#files.has(digest)) this.#files.set(digest, { path, digest, bytes });
    return { ok: true, digest };
  }

  /** Each content once, sorted by digest. */
  files(): readonly WasmFile[] {
    return [...this.#files.values()].toSorted((left, right) => (left.digest < right.digest ? -1 : 1));
  }
}

/** The source of the module that an import of a WebAssembly file leads to. */
export function wasmImport(digest: Digest): string {
  return `export default ${wasmVariable}["${digest}"];`;
}

/** Whether `code` uses the file: what nothing imports was left out of it. */
export function usesWasm(code: string, { digest }: WasmFile): boolean {
  return code.includes(`"${digest}"`);
}

/** The script with its modules at hand, and its source map moved by the line that is added. */
export function withWasm({ code, sourceMap }: { readonly code: string; readonly sourceMap: string }): {
  readonly code: string;
  readonly sourceMap: string;
} {
  const map = JSON.parse(sourceMap) as { readonly mappings: string };
  return {
    code: `{const ${wasmVariable}=${takeWasm}();\n${code}}\n`,
    sourceMap: JSON.stringify({ ...map, mappings: `;${map.mappings}` }),
  };
}

function problemOf(bytes: Uint8Array): string | null {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    return "is not a WebAssembly module: it does not begin with the bytes 00 61 73 6d";
  }
  const [version, layer] = [bytes[4], bytes[6]];
  if (layer === 1) return "is a WebAssembly component, only core modules can be imported";
  return version === 1 && bytes[5] === 0 && layer === 0 && bytes[7] === 0
    ? null
    : "is not a WebAssembly module of version 1";
}
