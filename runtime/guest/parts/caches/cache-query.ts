/**
 * How both interfaces of the Cache API ask the host: a request, the options of the query, and what comes back.
 *
 * Nothing is stored on this side. Invariant: the host is asked only about GET requests of http and https URLs, so that what does
 * not qualify is decided here, with the standard's exceptions.
 */
import { cacheAnswer, type CacheCall, type CacheOperation, type CacheScope } from "../../../cache-call.ts";
import { hostPort, type IncomingResponse, type OutgoingBody } from "../../host-port.ts";
import { Body } from "../../web/body/body.ts";
import { readHostBody } from "../../web/body/read-host-body.ts";
import { DOMException } from "../../web/core/dom-exception.ts";
import { toBoolean, toDictionary } from "../../web/core/webidl.ts";
import { decodeUtf8 } from "../../web/encoding/utf8.ts";
import { isRequest, requestStateIn } from "../../web/fetch/request.ts";
import { requestStateOf } from "../../web/fetch/request-init.ts";
import type { RequestState } from "../../web/fetch/request-state.ts";
import { isNullBodyStatus, type Response, responseOver, ResponseState } from "../../web/fetch/response.ts";
import { HeaderList } from "../../web/headers/header-list.ts";

export interface CacheQueryOptions {
  readonly ignoreSearch?: boolean;
  readonly ignoreMethod?: boolean;
  readonly ignoreVary?: boolean;
}

/** Which cache a query is about. */
export interface CachePlace {
  readonly scope: CacheScope;
  readonly name: string;
}

/** What is asked; absent parts are empty. */
export interface Question {
  readonly operation: CacheOperation;
  readonly place: CachePlace;
  readonly request?: RequestState | null;
  readonly options?: QueryOptions;
  readonly response?: CacheCall["response"];
  readonly body?: OutgoingBody;
}

export type QueryOptions = Readonly<Record<keyof CacheQueryOptions, boolean>>;

/** Members are read in the order of their names, as Web IDL has it. */
export function toQueryOptions(value: unknown): QueryOptions {
  const options = toDictionary(value, "a cache query");
  return {
    ignoreMethod: toBoolean(options["ignoreMethod"]),
    ignoreSearch: toBoolean(options["ignoreSearch"]),
    ignoreVary: toBoolean(options["ignoreVary"]),
  };
}

export function toCacheRequest(input: unknown): RequestState {
  return isRequest(input) ? requestStateIn(input) : requestStateOf(input, null, undefined);
}

/** Whether anything in a cache can match. */
export function mayMatch(request: RequestState, options: QueryOptions): boolean {
  return (request.method === "GET" || options.ignoreMethod) && isHttp(request);
}

export function isHttp({ url }: RequestState): boolean {
  return /^https?:/.test(url);
}

/** Sends a question. Rejects with a TypeError when the host has no answer, with a QuotaExceededError when a bound is reached. */
export async function askHost(question: Question): Promise<IncomingResponse> {
  const { operation, place, request = null, options, response = null, body = { kind: "empty" } } = question;
  const call: CacheCall = {
    operation,
    scope: place.scope,
    name: place.name,
    asksForRequest: request !== null,
    ignoreSearch: options?.ignoreSearch ?? false,
    ignoreVary: options?.ignoreVary ?? false,
    response,
  };
  const incoming = await hostPort().fetch(
    {
      target: { kind: "cache", call },
      method: "GET",
      url: request === null ? "" : withoutFragment(request.url),
      headers: request?.headerList.text ?? "",
      body,
      redirect: "manual",
      keepalive: false,
    },
    null,
  );
  // A stored response may have this status as well; only `match` answers with one.
  if (incoming.status === cacheAnswer.full && operation !== "match") {
    throw new DOMException(`Cannot use the cache: ${incoming.statusText}`, "QuotaExceededError");
  }
  return incoming;
}

/** The first stored response that matches. */
export async function matchFirst(place: CachePlace, input: unknown, init: unknown): Promise<Response | undefined> {
  const options = toQueryOptions(init);
  const request = toCacheRequest(input);
  if (!mayMatch(request, options)) return undefined;
  const incoming = await askHost({ operation: "match", place, request, options });
  if (incoming.status === cacheAnswer.nothing) return undefined;
  const body = incoming.body === null ? null : Body.ofHost(incoming.body);
  return cachedResponse(incoming, body);
}

/** A response as it was stored; its headers cannot be changed. */
export function cachedResponse(
  head: Pick<IncomingResponse, "status" | "statusText" | "headers" | "url" | "redirected">,
  body: Body | null,
): Response {
  const state = new ResponseState(new HeaderList(head.headers));
  state.status = head.status;
  state.statusText = head.statusText;
  state.url = head.url;
  state.redirected = head.redirected;
  state.type = head.status === 0 ? "error" : head.url === "" ? "default" : "basic";
  state.guard = "immutable";
  state.body = isNullBodyStatus(head.status) ? null : body;
  return responseOver(state);
}

/** The bytes of an answer that is a list. */
export async function answeredBytes({ body }: IncomingResponse): Promise<Uint8Array<ArrayBuffer>> {
  return body === null ? new Uint8Array(0) : await readHostBody(body);
}

/** The list of an answer. */
export async function answeredList<T>(incoming: IncomingResponse): Promise<readonly T[]> {
  return JSON.parse(decodeUtf8(await answeredBytes(incoming)) ?? "[]") as readonly T[];
}

export function withoutFragment(url: string): string {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}
