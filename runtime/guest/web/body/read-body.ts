/**
 * The readers that Request and Response share (https://fetch.spec.whatwg.org/#body-mixin), as functions over a Body or null.
 * They throw inside an async function, so that every refusal is a rejection.
 */
import { parseMimeType } from "./mime-type.ts";
import { type Blob, blobOver } from "./blob.ts";
import type { Body } from "./body.ts";
import { FormData } from "./form-data.ts";
import { parseMultipart } from "./multipart.ts";
import { parseUrlEncoded } from "../url/urlencoded.ts";

export async function readText(body: Body | null): Promise<string> {
  return body === null ? "" : await body.readText("read the body");
}

export async function readJson(body: Body | null): Promise<unknown> {
  return JSON.parse(await readText(body)) as unknown;
}

export async function readBytes(body: Body | null): Promise<Uint8Array<ArrayBuffer>> {
  return body === null ? new Uint8Array(0) : await body.readBytes("read the body");
}

export async function readArrayBuffer(body: Body | null): Promise<ArrayBuffer> {
  return (await readBytes(body)).buffer;
}

export async function readBlob(body: Body | null, contentType: string | null): Promise<Blob> {
  const type = contentType === null ? null : parseMimeType(contentType);
  return blobOver(await readBytes(body), type?.text ?? "");
}

export async function readFormData(body: Body | null, contentType: string | null): Promise<FormData> {
  const type = contentType === null ? null : parseMimeType(contentType);
  if (type?.essence === "multipart/form-data") {
    const boundary = type.parameters.get("boundary");
    const form = boundary === undefined ? null : parseMultipart(await readBytes(body), boundary);
    if (form === null) throw new TypeError("Cannot read form data: the body is not well-formed multipart/form-data");
    return form;
  }
  if (type?.essence === "application/x-www-form-urlencoded") {
    const form = new FormData();
    for (const [name, value] of parseUrlEncoded(await readText(body))) form.append(name, value);
    return form;
  }
  throw new TypeError("Cannot read form data: content-type is neither multipart/form-data nor urlencoded");
}
