/**
 * The frame that hands a function version to an engine: `load` of protocol.ts. Text is what describes it and its code; snapshot and WebAssembly
 * modules are buffers, the snapshot first.
 */
import type { RunnableVersion } from "../driver.ts";
import { type FrameReader, frame, int, text } from "./frame.ts";
import { toEngine } from "./protocol.ts";

type Description = Omit<RunnableVersion, "code" | "snapshot" | "wasm">;

interface LoadHeader {
  readonly description: Description;
  readonly hasSnapshot: boolean;
  readonly wasmDigests: readonly string[];
}

export interface LoadFrame {
  readonly frame: string;
  readonly buffers: readonly Uint8Array[];
}

export function writeLoad(
  version: RunnableVersion,
  ids: { readonly request: number; readonly version: number },
): LoadFrame {
  const { code, snapshot, wasm, ...description } = version;
  const header: LoadHeader = {
    description,
    hasSnapshot: snapshot !== null,
    wasmDigests: wasm.map(({ digest }) => digest),
  };
  const buffers = [...(snapshot === null ? [] : [snapshot]), ...wasm.map(({ bytes }) => bytes)];
  const payload = int(ids.request) + int(ids.version) + text(JSON.stringify(header)) + text(code);
  return { frame: frame(toEngine.load, payload, buffers.length), buffers };
}

/** Reads what follows the two ids. */
export function readLoad(reader: FrameReader, buffers: readonly Uint8Array[]): RunnableVersion {
  const { description, hasSnapshot, wasmDigests } = JSON.parse(reader.text()) as LoadHeader;
  const first = hasSnapshot ? 1 : 0;
  return {
    ...description,
    code: reader.text(),
    snapshot: hasSnapshot ? (buffers[0] ?? null) : null,
    wasm: wasmDigests.map((digest, index) => ({ digest, bytes: buffers[first + index] ?? noBytes })),
  };
}

const noBytes = new Uint8Array(0);
