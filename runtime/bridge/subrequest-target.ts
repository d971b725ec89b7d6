/**
 * Where a subrequest goes, as it crosses: the network, a service of the function's configuration by its name, or the function's own caches.
 * Written by the guest, read by the front, which looks the name up among what the caller's version was published with.
 */
import {
  cacheOperations,
  cacheScopes,
  type CacheCall,
  type CachedHead,
  type CacheOperation,
  type CacheScope,
} from "../cache-call.ts";
import { FrameError, int, text, type FrameReader } from "./frame.ts";

export type FramedTarget =
  | { readonly kind: "network" }
  | { readonly kind: "service"; readonly name: string }
  | { readonly kind: "cache"; readonly call: CacheCall };

const targetKind = { network: 0, service: 1, cache: 2 } as const;
const flag = { asksForRequest: 1, ignoreSearch: 2, ignoreVary: 4 } as const;

export function writeTarget(target: FramedTarget): string {
  switch (target.kind) {
    case "network":
      return int(targetKind.network);
    case "service":
      return int(targetKind.service) + text(target.name);
    case "cache":
      return int(targetKind.cache) + writeCall(target.call);
  }
}

/** Reads what `writeTarget` wrote; a guest may have written anything else. */
export function readTarget(reader: FrameReader): FramedTarget {
  switch (reader.int()) {
    case targetKind.network:
      return network;
    case targetKind.service:
      return { kind: "service", name: reader.text() };
    case targetKind.cache:
      return { kind: "cache", call: readCall(reader) };
    default:
      throw new FrameError("unknown subrequest target");
  }
}

const network: FramedTarget = { kind: "network" };

function writeCall(call: CacheCall): string {
  const flags =
    (call.asksForRequest ? flag.asksForRequest : 0) |
    (call.ignoreSearch ? flag.ignoreSearch : 0) |
    (call.ignoreVary ? flag.ignoreVary : 0);
  const head =
    int(cacheOperations.indexOf(call.operation)) + int(cacheScopes.indexOf(call.scope)) + text(call.name) + int(flags);
  const { response } = call;
  if (response === null) return head + int(0);
  return (
    head +
    int(1) +
    int(response.status) +
    text(response.statusText) +
    text(response.headers) +
    text(response.url) +
    int(response.redirected ? 1 : 0)
  );
}

function readCall(reader: FrameReader): CacheCall {
  const operation: CacheOperation | undefined = cacheOperations[reader.int()];
  const scope: CacheScope | undefined = cacheScopes[reader.int()];
  if (operation === undefined || scope === undefined) throw new FrameError("unknown cache operation");
  const name = reader.text();
  const flags = reader.int();
  const response = reader.int() === 0 ? null : readHead(reader);
  if ((operation === "put") !== (response !== null)) throw new FrameError("a response goes with put alone");
  return {
    operation,
    scope,
    name,
    asksForRequest: (flags & flag.asksForRequest) !== 0,
    ignoreSearch: (flags & flag.ignoreSearch) !== 0,
    ignoreVary: (flags & flag.ignoreVary) !== 0,
    response,
  };
}

function readHead(reader: FrameReader): CachedHead {
  return {
    status: reader.int(),
    statusText: reader.text(),
    headers: reader.text(),
    url: reader.text(),
    redirected: reader.int() === 1,
  };
}
