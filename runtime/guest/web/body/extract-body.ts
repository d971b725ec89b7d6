/**
 * From a BodyInit to a Body and the content-type it implies (https://fetch.spec.whatwg.org/#concept-bodyinit-extract).
 */
import type { FormData } from "../../parts/form/main.ts";
import { loadedPart } from "../../parts/load-part.ts";
import { toUsvString } from "../core/webidl.ts";
import { copyBytes, isBufferSource } from "../encoding/buffer-source.ts";
import { isReadableStream, type ReadableStream } from "../streams/streams.ts";
import { isUrlSearchParams, type URLSearchParams } from "../url/url-search-params.ts";
import { type Blob, bytesOfBlob, isBlob } from "./blob.ts";
import { Body, bodyOfStream } from "./body.ts";

export type BodyInit =
  string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob | FormData | URLSearchParams | ReadableStream<Uint8Array>;

export interface ExtractedBody {
  readonly body: Body;
  readonly contentType: string | null;
}

export const textContentType: string = "text/plain;charset=UTF-8";

/** `init` is neither null nor undefined. Throws a TypeError for a stream that is locked or was read. */
export function extractBody(init: unknown, where: string): ExtractedBody {
  if (typeof init === "string") return textBody(init, textContentType);
  if (isReadableStream(init)) return { body: bodyOfStream(init, where), contentType: null };
  if (isBufferSource(init)) return bytesBody(copyBytes(init), null);
  if (isUrlSearchParams(init)) return textBody(init.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
  if (isBlob(init)) return bytesBody(bytesOfBlob(init), init.type === "" ? null : init.type);
  // Without the part there is no form.
  const forms = loadedPart("form");
  if (forms?.isFormData(init) === true) {
    const boundary = randomBoundary();
    return bytesBody(forms.serializeMultipart(init, boundary), `multipart/form-data; boundary=${boundary}`);
  }
  return textBody(toUsvString(init), textContentType);
}

function textBody(text: string, contentType: string): ExtractedBody {
  return { body: new Body({ kind: "text", text: text.toWellFormed() }), contentType };
}

function bytesBody(bytes: Uint8Array<ArrayBuffer>, contentType: string | null): ExtractedBody {
  return { body: new Body({ kind: "bytes", bytes }), contentType };
}

/** Only has to differ from what the parts hold, so an ordinary random number does. */
function randomBoundary(): string {
  const digits = (): string => Math.random().toString(36).slice(2, 14).padEnd(12, "0");
  return `----SelvageFormBoundary${digits()}${digits()}`;
}
