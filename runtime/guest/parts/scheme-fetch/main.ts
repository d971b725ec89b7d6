/**
 * Part: `fetch` of what needs no network (https://fetch.spec.whatwg.org/#scheme-fetch): data: and blob: URLs. Every other scheme but http and https
 * is refused here, about: included, which has nothing to answer outside a browser.
 */
import { bytesOfBlob } from "../../web/body/blob.ts";
import { blobOfUrl } from "../../web/body/blob-url.ts";
import { Body } from "../../web/body/body.ts";
import { parseMimeType } from "../../web/body/mime-type.ts";
import { toPrintable } from "../../web/core/webidl.ts";
import { HeaderList } from "../../web/headers/header-list.ts";
import { parseDataUrl } from "./data-url.ts";
import type { RequestState } from "../../web/fetch/request-state.ts";
import { type Response, responseOver, ResponseState } from "../../web/fetch/response.ts";

/** Throws a TypeError (a network error) when there is no answer. */
export function schemeFetch(request: RequestState): Response {
  if (request.url.startsWith("data:")) return fetchData(request);
  if (request.url.startsWith("blob:")) return fetchBlob(request);
  throw failure(request, "only http, https, data and blob are supported");
}

function fetchData(request: RequestState): Response {
  const data = parseDataUrl(request.url);
  if (data === null) throw failure(request, "it is not a well-formed data: URL");
  return responseWith(request, { headers: `content-type:${data.mimeType}\n`, bytes: data.bytes });
}

function fetchBlob(request: RequestState): Response {
  if (request.method !== "GET") throw failure(request, "a blob: URL is only for GET");
  const blob = blobOfUrl(request.url);
  if (blob === undefined) throw failure(request, "no blob of this instance has this URL");
  const bytes = bytesOfBlob(blob);
  const type = parseMimeType(blob.type) === null ? "" : blob.type;
  const range = rangeOf(request, bytes.byteLength);
  if (range === undefined) {
    return responseWith(request, { headers: `content-length:${bytes.byteLength}\ncontent-type:${type}\n`, bytes });
  }
  if (range === null) throw failure(request, "the range is not one of the blob");
  const part = bytes.subarray(range.from, range.to + 1);
  const headers = `content-length:${part.byteLength}\ncontent-type:${type}\ncontent-range:bytes ${range.from}-${range.to}/${bytes.byteLength}\n`;
  return responseWith(request, { headers, bytes: part, status: 206, statusText: "Partial Content" });
}

/** One range of the request (https://fetch.spec.whatwg.org/#simple-range-header-value); null when it cannot be satisfied. */
function rangeOf(
  request: RequestState,
  length: number,
): { readonly from: number; readonly to: number } | null | undefined {
  const value = request.headerList.get(rangeName);
  if (value === null) return undefined;
  const [, first, last] = /^bytes[\t ]*=[\t ]*(\d*)[\t ]*-[\t ]*(\d*)$/.exec(value) ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return null;
  const from = first === "" ? Math.max(length - Number(last), 0) : Number(first);
  const to = first === "" || last === "" ? length - 1 : Math.min(Number(last), length - 1);
  return from >= length || to < from ? null : { from, to };
}

const rangeName = { name: "range", start: "range:", inner: "\nrange:" };

interface Answer {
  readonly headers: string;
  readonly bytes: Uint8Array;
  readonly status?: number;
  readonly statusText?: string;
}

function responseWith(request: RequestState, { headers, bytes, status = 200, statusText = "OK" }: Answer): Response {
  const state = new ResponseState(new HeaderList(headers));
  state.status = status;
  state.statusText = statusText;
  state.url = request.url.split("#", 1)[0] ?? "";
  state.type = "basic";
  state.guard = "immutable";
  state.body = request.method === "HEAD" ? null : new Body({ kind: "bytes", bytes });
  return responseOver(state);
}

function failure(request: RequestState, reason: string): TypeError {
  return new TypeError(`Cannot fetch ${toPrintable(request.url)}: ${reason}`);
}
