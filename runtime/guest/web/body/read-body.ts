/**
 * The readers that Request and Response share (https://fetch.spec.whatwg.org/#body-mixin), as functions over a Body or null.
 *
 * Every refusal is a rejection, and one that is known at once (body used, fetch aborted) is there before the next microtask.
 */
import type { FormData } from "../../parts/form/main.ts";
import { loadPart } from "../../parts/load-part.ts";
import { parseMimeType } from "./mime-type.ts";
import { type Blob, blobOver } from "./blob.ts";
import type { Body } from "./body.ts";
import { type Whole, wholeOf } from "./whole.ts";
import { decodeUtf8 } from "../encoding/utf8.ts";
import { parseUrlEncoded } from "../url/urlencoded.ts";

const where = "read the body";
const parseJson = JSON.parse;

export function readText(body: Body | null): Promise<string> {
  return body === null ? emptyText() : body.readText(where);
}

export async function readJson(body: Body | null): Promise<unknown> {
  body?.refuseBroken();
  return parseJson(await readText(body)) as unknown;
}

export async function readBytes(body: Body | null): Promise<Uint8Array<ArrayBuffer>> {
  body?.refuseBroken();
  const { bytes } = await readWhole(body);
  return bytes;
}

export async function readArrayBuffer(body: Body | null): Promise<ArrayBuffer> {
  body?.refuseBroken();
  const { bytes } = await readWhole(body);
  return bytes.buffer;
}

export async function readBlob(body: Body | null, contentType: string | null): Promise<Blob> {
  body?.refuseBroken();
  const type = contentType === null ? null : parseMimeType(contentType);
  const { bytes } = await readWhole(body);
  return blobOver(bytes, type?.text ?? "");
}

/** The content type is looked at when the body was read: a body that breaks off fails with its own error. */
export async function readFormData(body: Body | null, contentType: string | null): Promise<FormData> {
  body?.refuseBroken();
  const { bytes } = await readWhole(body);
  const type = contentType === null ? null : parseMimeType(contentType);
  if (type?.essence === "multipart/form-data") {
    const boundary = type.parameters.get("boundary");
    const form = boundary === undefined ? null : loadPart("form").parseMultipart(bytes, boundary);
    if (form === null) throw new TypeError("Cannot read form data: the body is not well-formed multipart/form-data");
    return form;
  }
  if (type?.essence === "application/x-www-form-urlencoded") {
    const form = new (loadPart("form").FormData)();
    for (const [name, value] of parseUrlEncoded(decodeUtf8(bytes) ?? "")) form.append(name, value);
    return form;
  }
  throw new TypeError("Cannot read form data: content-type is neither multipart/form-data nor urlencoded");
}

async function readWhole(body: Body | null): Promise<Whole> {
  return body === null ? wholeOf(new Uint8Array(0)) : await body.readWhole(where);
}

async function emptyText(): Promise<string> {
  return "";
}
