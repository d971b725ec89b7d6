/**
 * Cache (https://w3c.github.io/ServiceWorker/#cache-interface) over the host's store.
 *
 * Beyond the standard, as edge runtimes have it: the host may forget an entry at any time, and does when its response's
 * Cache-Control or Expires says so.
 */
import { cacheAnswer, type CachedHead } from "../../../cache-call.ts";
import type { IncomingResponse } from "../../host-port.ts";
import { Body } from "../../web/body/body.ts";
import { finishInterface } from "../../web/core/interface.ts";
import { isObject, requireArguments, sequenceOf } from "../../web/core/webidl.ts";
import { decodeUtf8 } from "../../web/encoding/utf8.ts";
import { isRequest, Request, type RequestInfo, requestOver, requestStateIn } from "../../web/fetch/request.ts";
import { defaultLabels, RequestState } from "../../web/fetch/request-state.ts";
import { isResponse, type Response, type ResponseState, responseStateIn } from "../../web/fetch/response.ts";
import { HeaderList } from "../../web/headers/header-list.ts";
import { fetchAll } from "./fetch-all.ts";
import {
  answeredBytes,
  answeredList,
  askHost,
  cachedResponse,
  type CachePlace,
  type CacheQueryOptions,
  isHttp,
  matchFirst,
  mayMatch,
  toCacheRequest,
  toQueryOptions,
} from "./cache-query.ts";
import { refuseVaryAny } from "./vary.ts";

const internal: unique symbol = Symbol("internal");

export class Cache {
  readonly #place: CachePlace;

  constructor(place?: CachePlace, token?: typeof internal) {
    if (token !== internal || place === undefined) throw new TypeError("Cannot create a Cache: illegal constructor");
    this.#place = place;
  }

  async match(
    ...parameters: [request: RequestInfo, options?: CacheQueryOptions | null]
  ): Promise<Response | undefined> {
    requireArguments(parameters.length, 1, "Cache.match");
    return await matchFirst(this.#place, parameters[0], parameters[1]);
  }

  async matchAll(request?: RequestInfo, options?: CacheQueryOptions | null): Promise<readonly Response[]> {
    const incoming = await this.#query("matchAll", request, options);
    return Object.freeze(incoming === null ? [] : splitResponses(await answeredBytes(incoming)));
  }

  async add(...parameters: [request: RequestInfo]): Promise<void> {
    requireArguments(parameters.length, 1, "Cache.add");
    await this.#addAll([parameters[0]]);
  }

  async addAll(...parameters: [requests: Iterable<RequestInfo>]): Promise<void> {
    requireArguments(parameters.length, 1, "Cache.addAll");
    const requests = isObject(parameters[0]) ? sequenceOf(parameters[0]) : null;
    if (requests === null) throw new TypeError("Cannot add to the cache: the argument is not a sequence of requests");
    await this.#addAll(requests);
  }

  async put(...parameters: [request: RequestInfo, response: Response]): Promise<void> {
    requireArguments(parameters.length, 2, "Cache.put");
    const request = toCacheRequest(parameters[0]);
    refuseUnstorable(request);
    const response: unknown = parameters[1];
    if (!isResponse(response)) throw new TypeError("Cannot store in the cache: the second argument is not a Response");
    await this.#store(request, responseStateIn(response));
  }

  async delete(...parameters: [request: RequestInfo, options?: CacheQueryOptions | null]): Promise<boolean> {
    requireArguments(parameters.length, 1, "Cache.delete");
    const incoming = await this.#query("delete", parameters[0], parameters[1]);
    return incoming?.status === cacheAnswer.done;
  }

  async keys(request?: RequestInfo, options?: CacheQueryOptions | null): Promise<readonly Request[]> {
    const incoming = await this.#query("keys", request, options);
    if (incoming === null) return Object.freeze([]);
    const keys = await answeredList<readonly [url: string, headers: string]>(incoming);
    return Object.freeze(keys.map(([url, headers]) => keptRequest(url, headers)));
  }

  /** Null: nothing can match. */
  async #query(
    operation: "matchAll" | "delete" | "keys",
    input: unknown,
    init: unknown,
  ): Promise<IncomingResponse | null> {
    const options = toQueryOptions(init);
    const request = input === undefined ? null : toCacheRequest(input);
    if (request !== null && !mayMatch(request, options)) return null;
    return await askHost({ operation, place: this.#place, request, options });
  }

  async #addAll(inputs: readonly unknown[]): Promise<void> {
    const requests = inputs.map((input) => (isRequest(input) ? input : new Request(input as RequestInfo)));
    for (const request of requests) refuseUnstorable(requestStateIn(request));
    const fetched = await fetchAll(requests);
    await Promise.all(fetched.map(({ request, response }) => this.#store(request, response)));
  }

  async #store(request: RequestState, response: ResponseState): Promise<void> {
    if (response.status === 206) throw new TypeError("Cannot store in the cache: the response is partial (206)");
    refuseVaryAny(response);
    const body = response.body?.take("store in the cache") ?? { kind: "empty" };
    await askHost({ operation: "put", place: this.#place, request, response: headOf(response), body });
  }
}

/** `caches.default`, or the cache of a name. */
export function cacheAt(place: CachePlace): Cache {
  return new Cache(place, internal);
}

function refuseUnstorable(request: RequestState): void {
  if (!isHttp(request)) throw new TypeError("Cannot store in the cache: the URL is neither http nor https");
  if (request.method !== "GET") {
    throw new TypeError(`Cannot store in the cache: the method is ${request.method}, allowed GET`);
  }
}

function headOf({ status, statusText, headerList, url, redirected }: ResponseState): CachedHead {
  return { status, statusText, headers: headerList.text, url, redirected };
}

function keptRequest(url: string, headers: string): Request {
  return requestOver(
    new RequestState({
      method: "GET",
      url,
      headerList: new HeaderList(headers),
      body: null,
      redirect: "follow",
      labels: defaultLabels,
      signalSource: null,
    }),
  );
}

/** The answer to `matchAll`: 4 bytes that say how long the list of heads is, the list, then one body after the other. */
function splitResponses(bytes: Uint8Array<ArrayBuffer>): Response[] {
  if (bytes.byteLength < 4) return [];
  const listEnd = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const list = decodeUtf8(bytes.subarray(4, listEnd)) ?? "[]";
  const heads = JSON.parse(list) as readonly (CachedHead & { readonly bodyBytes: number })[];
  let at = listEnd;
  return heads.map((head) => {
    const body = bytes.slice(at, at + head.bodyBytes);
    at += head.bodyBytes;
    return cachedResponse(head, body.byteLength === 0 ? null : new Body({ kind: "bytes", bytes: body }));
  });
}

finishInterface(Cache, "Cache");
