/**
 * Every part (a folder here, `<name>/main.ts`), and which of its exports are globals.
 * The imports are types alone: nothing of a part is in the core.
 */
import type * as caches from "./caches/main.ts";
import type * as event from "./event/main.ts";
import type * as htmlRewriter from "./html-rewriter/main.ts";
import type * as compression from "./compression/main.ts";
import type * as legacyEncodings from "./legacy-encodings/main.ts";
import { definePartGlobal } from "./load-part.ts";
import type * as messaging from "./messaging/main.ts";
import type * as multiByteEncodings from "./multi-byte-encodings/main.ts";
import type * as sha256 from "./sha256/main.ts";
import type * as crypto from "./crypto/main.ts";
import type * as form from "./form/main.ts";
import type * as inspect from "./inspect/main.ts";
import type * as restore from "./restore/main.ts";
import type * as schemeFetch from "./scheme-fetch/main.ts";
import type * as structuredClone from "./structured-clone/main.ts";
import type * as urlParser from "./url-parser/main.ts";
import type * as streams from "./streams/main.ts";
import type * as urlPattern from "./url-pattern/main.ts";
import type * as wasm from "./wasm/main.ts";
import type * as websocket from "./websocket/main.ts";

/** Part → what its main.ts exports. */
export interface PartExports {
  readonly caches: typeof caches;
  readonly compression: typeof compression;
  readonly event: typeof event;
  readonly "legacy-encodings": typeof legacyEncodings;
  readonly messaging: typeof messaging;
  readonly "multi-byte-encodings": typeof multiByteEncodings;
  readonly sha256: typeof sha256;
  readonly crypto: typeof crypto;
  readonly form: typeof form;
  readonly inspect: typeof inspect;
  readonly restore: typeof restore;
  readonly "scheme-fetch": typeof schemeFetch;
  readonly "structured-clone": typeof structuredClone;
  readonly "url-parser": typeof urlParser;
  readonly streams: typeof streams;
  readonly "url-pattern": typeof urlPattern;
  readonly "html-rewriter": typeof htmlRewriter;
  readonly wasm: typeof wasm;
  readonly websocket: typeof websocket;
}

export type PartName = keyof PartExports;

/** Part → exports that are globals of the same name. */
export const partGlobals: { readonly [Name in PartName]: readonly (keyof PartExports[Name] & string)[] } = {
  caches: ["Cache", "CacheStorage", "caches"],
  "html-rewriter": ["HTMLRewriter"],
  compression: ["CompressionStream", "DecompressionStream"],
  event: [],
  "legacy-encodings": [],
  messaging: ["MessageChannel", "MessagePort"],
  "multi-byte-encodings": [],
  sha256: [],
  crypto: ["CryptoKey", "SubtleCrypto"],
  form: ["FormData"],
  inspect: [],
  restore: [],
  "scheme-fetch": [],
  "structured-clone": [],
  "url-parser": [],
  streams: [
    "ByteLengthQueuingStrategy",
    "CountQueuingStrategy",
    "ReadableByteStreamController",
    "ReadableStream",
    "ReadableStreamBYOBReader",
    "ReadableStreamBYOBRequest",
    "ReadableStreamDefaultController",
    "ReadableStreamDefaultReader",
    "TextDecoderStream",
    "TextEncoderStream",
    "TransformStream",
    "TransformStreamDefaultController",
    "WritableStream",
    "WritableStreamDefaultController",
    "WritableStreamDefaultWriter",
  ],
  "url-pattern": ["URLPattern"],
  wasm: [],
  websocket: ["CloseEvent", "WebSocket", "WebSocketPair"],
};

/** Defines the globals of all parts on `target`; none is loaded by that. */
export function installPartGlobals(target: object): void {
  for (const [part, names] of Object.entries<readonly string[]>(partGlobals)) {
    for (const name of names) definePartGlobal(target, part as PartName, name as never);
  }
}
