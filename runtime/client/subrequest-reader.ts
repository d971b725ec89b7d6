/**
 * What a guest's subrequest frame says, and why it may be refused before anything is done for it.
 *
 * Invariant: a service is one of those the caller's version was published with; the name a guest gives is only looked up there.
 */
import { getHeader } from "../../sdk/header-text.ts";
import { functionCacheLimits, messageLimits } from "../../sdk/limits.ts";
import type { FrameReader } from "../bridge/frame.ts";
import { wireGrammar } from "../bridge/outcome-frame.ts";
import { redirectModes } from "../bridge/protocol.ts";
import { readTarget, type FramedTarget } from "../bridge/subrequest-target.ts";
import type { CacheCall } from "../cache-call.ts";
import { SubrequestError, type RunnableVersion, type Subrequest, type SubrequestTarget } from "../driver.ts";

/** A subrequest as the frame says it, without its body. */
export type ReadSubrequest = Omit<Subrequest, "target" | "body"> & { readonly target: FramedTarget };

/** Subrequests of one instance that were not answered, or whose answer was not read. */
const openSubrequestsMax = 1_000;

/** Reads what follows subrequest id and invocation id, up to the body. */
export function readSubrequest(reader: FrameReader): ReadSubrequest {
  return {
    target: readTarget(reader),
    method: reader.text(),
    url: reader.text(),
    headers: reader.text(),
    redirect: redirectModes[reader.int()] ?? "follow",
  };
}

/** The target with its service, or null when the caller has none of that name. */
export function resolveTarget(target: FramedTarget, services: RunnableVersion["services"]): SubrequestTarget | null {
  if (target.kind !== "service") return target;
  const service = Object.hasOwn(services, target.name) ? services[target.name] : undefined;
  return service === undefined ? null : { kind: "service", name: target.name, service };
}

/** Why the subrequest is not made, or null. */
export function subrequestRefusal(
  request: ReadSubrequest,
  from: { readonly pending: { readonly subrequestsLeft: number } | undefined; readonly openSubrequests: number },
): string | null {
  if (from.pending === undefined) return "fetch() belongs to an invocation, and none is running";
  if (from.pending.subrequestsLeft <= 0) return "Too many subrequests in one invocation";
  if (from.openSubrequests >= openSubrequestsMax) return "Too many subrequests are open in this instance";
  switch (request.target.kind) {
    case "network":
      return requestRefusal(request);
    case "service":
      return requestRefusal(request) ?? sizeRefusal(request);
    case "cache":
      return cacheRefusal(request, request.target.call);
  }
}

/** Whether the network is asked for a WebSocket instead of a response. */
export function asksForSocket({ target, headers }: Pick<ReadSubrequest, "target" | "headers">): boolean {
  if (target.kind !== "network" || !headers.includes("upgrade:")) return false;
  return getHeader(headers, "upgrade")?.toLowerCase() === "websocket";
}

/** What a function may read about a subrequest without an answer. */
export function subrequestMessage(kind: SubrequestTarget["kind"], error: unknown): string {
  const what = kind === "cache" ? "The cache failed" : "fetch failed";
  return error instanceof SubrequestError ? `${what}: ${error.message} (${error.code})` : what;
}

function requestRefusal(request: Pick<ReadSubrequest, "method" | "url" | "headers">): string | null {
  if (!wireGrammar.method.test(request.method)) return "The method is not a token";
  if (!wireGrammar.url.test(request.url)) return "The URL is not an absolute http or https URL";
  if (!wireGrammar.headers.test(request.headers)) return "The headers hold bytes outside the grammar";
  return null;
}

function cacheRefusal(request: ReadSubrequest, call: CacheCall): string | null {
  const { nameCharsMax } = functionCacheLimits;
  if (call.name.length > nameCharsMax) return `The cache's name is longer than ${nameCharsMax} characters`;
  if (call.asksForRequest || call.operation === "put") {
    const refusal = requestRefusal(request) ?? sizeRefusal(request);
    if (refusal !== null) return refusal;
  }
  const { response } = call;
  if (response === null) return null;
  const { status } = response;
  if (status !== 0 && (status < 200 || status > 599)) return `The response's status is ${status}`;
  if (response.url !== "" && !wireGrammar.url.test(response.url)) return "The response's URL is not valid";
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(response.statusText)) return "The status text is not a reason phrase";
  if (!wireGrammar.headers.test(response.headers)) return "The headers hold bytes outside the grammar";
  return sizeRefusal(response);
}

/** What goes to another server is bounded there; what stays in this node here. */
function sizeRefusal({ url, headers }: { readonly url: string; readonly headers: string }): string | null {
  const { urlBytesMax, headerBytesMax } = messageLimits;
  if (url.length > urlBytesMax) return `The URL has ${url.length} bytes, allowed ${urlBytesMax}`;
  return headers.length > headerBytesMax ? `The headers have ${headers.length} bytes, allowed ${headerBytesMax}` : null;
}
