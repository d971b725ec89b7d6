/**
 * One client request on its way through the pipeline: the messages as they are now, what happened so far, and how to stop it.
 *
 * Knows no socket. Invariant: `client` is the request as received and never changes; `request` is what clientRequest made of it and what the
 * cache keys on; `originRequest` is what goes to the origin or to the HTTP function instead of it.
 */
import type { Body } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { ClientTls } from "../../runtime/driver.ts";
import type { GuestSocket } from "../../runtime/socket.ts";
import type { HeaderText } from "../../sdk/header-text.ts";
import { serviceLimits } from "../../sdk/limits.ts";
import type { CompiledCacheRule } from "../cache/cache-rule.ts";
import type { EgressRules } from "../origin/egress-rules.ts";
import type { OriginTarget } from "../origin/origin-target.ts";
import type { RequestControl } from "../cache/request-control.ts";
import type { StoredAnswer } from "../cache/stored-answer.ts";
import type { RoutedDomain } from "../routing/routing.ts";
import type { CacheNote } from "./cache-note.ts";
import type { FillTicket } from "./collapser.ts";
import type { WrittenFields } from "./written-fields.ts";
import type { WireUrl } from "./wire-url.ts";

export interface RequestMessage {
  readonly method: string;
  readonly url: WireUrl;
  /** Without hop-by-hop fields. */
  readonly headers: HeaderText;
  readonly body: Body;
}

export interface ResponseMessage {
  readonly status: number;
  readonly headers: HeaderText;
  readonly body: Body;
  /** Those fields, or what they were before somebody changed them, as they may have been written already. */
  readonly written?: WrittenFields | undefined;
  /** Set by the last step. */
  readonly node?: NodeFields;
}

/** What the node says of an answer after all other fields; neither functions nor configuration can say otherwise. */
export interface NodeFields {
  readonly requestId: string;
  /** RFC 9211. */
  readonly cacheStatus: string;
  /** Members of other caches may hold bytes beyond it. */
  readonly isAscii: boolean;
}

/** All fields that a client gets. */
export function sentFields({ headers, node }: ResponseMessage): HeaderText {
  return node === undefined ? headers : `${headers}x-request-id:${node.requestId}\ncache-status:${node.cacheStatus}\n`;
}

/** Takes what an origin says before its answer. */
export interface InformedClient {
  /** A status below 200 and its fields, without hop-by-hop fields. */
  inform(status: number, headers: HeaderText): void;
}

export interface Cancellable {
  cancel(): void;
}

/** Knows a client's address only until the request's handler returned. */
export interface AddressSource {
  clientIp(): string;
}

/** Where answers to a URL stand, before what they vary with. */
export interface KeyedPlace {
  /** Domain and URL under the domain's cache rule. */
  readonly key: string;
  readonly rule: CompiledCacheRule | undefined;
  /** The configured domain, and the URL's path and query as they are keyed, spelled for purges (cache/purge-spelling.ts). */
  readonly domain: string;
  readonly path: string;
  readonly query: string;
}

/** Where an answer to this request may be found or kept, and what the client says about it. */
export interface CachePlace extends KeyedPlace {
  /** The client has an answer already, or wants a part of one. */
  readonly isConditional: boolean;
  /** The fields with which the client asked. */
  readonly asked: HeaderText;
  readonly control: RequestControl | null;
}

/** Who asks: a client, or the node itself to fill its cache. A preheat has no client address, and access control lets it pass. */
export type AskedBy = "client" | "preheat";

export class Exchange {
  readonly askedBy: AskedBy;
  readonly client: RequestMessage;
  readonly requestId: string;
  /** Undefined: the host is not configured here. */
  readonly domain: RoutedDomain | undefined;
  /** The incoming CDN-Loop field, "" when absent. */
  readonly cdnLoop: string;
  /** The protocols a client offers that asks for a WebSocket; null: it does not ask for one. */
  readonly socketProtocols: readonly string[] | null;
  /** The client's connection to this node; null: plain, another's, or there is no client. */
  readonly tls: ClientTls | null;
  /** What asks for the WebSocket takes any answer of 2xx for one (RFC 8441). */
  readonly opensTunnel: boolean;

  request: RequestMessage;
  /** The client's URL without what only proves its signature: what configuration compares paths with. */
  askedUrl: WireUrl;
  originRequest: RequestMessage | null = null;
  /** The fields of `originRequest` before originPull functions changed them; null: none did. */
  headersBeforePull: HeaderText | null = null;
  /** The lists of the function that last named another host in the request's URL; null: none did, or it has none. */
  egress: EgressRules | null = null;
  /** Where `originRequest` goes when its host was not changed. */
  originTargets: readonly OriginTarget[] = [];
  /** The Host field that the configuration gave `originRequest`. */
  configuredHost = "";
  response: ResponseMessage | null = null;
  /** The whole answer of which the client learns by a 304 that it has it, its body given up; null: it was told nothing like that by the node. */
  unsent: ResponseMessage | null = null;
  /** The function's end of a WebSocket: there exactly when `response` is a 101. */
  socket: GuestSocket | null = null;
  /** The failure behind `response`, or null. */
  failure: ErrorCode | null = null;
  /** What a client reads when `failure` is one that may go away, seconds. */
  retryAfterSeconds: number = 1;
  cachePlace: CachePlace | null = null;
  cacheNote: CacheNote = { kind: "local", detail: "ANSWERED" };
  /** The stored answer that is not fresh: for the origin to confirm, or to be used when it fails. */
  stale: StoredAnswer | null = null;
  /** Whether the request to the origin is for all of the answer, or with what the client asked for. */
  fetch: "whole" | "as-asked" = "as-asked";
  /** The request to the origin asks whether `stale` still stands. */
  asksToConfirm = false;
  /** The key counted among `asked` for it (collapser.ts); null: none, or its body goes on filling the cache and is counted for itself. */
  askedKey: string | null = null;
  /** It confirmed something else, and was asked once more. */
  hasAskedAgain = false;
  /** Milliseconds since the epoch: when the origin was asked. */
  requestedAt = 0;
  /** Whom to tell what the origin says before its answer; null: nobody. */
  informed: InformedClient | null = null;
  /** Until the head of the origin's answer, or its failure, milliseconds; null: no origin was asked. */
  originMs: number | null = null;
  /** Where that answer came from, `http(s)://host:port`; "": from nowhere. */
  originAddress = "";
  /** No client waits for it: a stored answer is renewed. */
  isRenewal = false;
  lookups = 0;
  /** By which versions are chosen where an alias has two; -1: not drawn yet. */
  draw = -1;
  /** The disk was asked for what memory did not have, and what it had until that is looked at. */
  hasSoughtDisk = false;
  onDisk: StoredAnswer | null = null;
  /** Calls between functions that may still be made for this request. */
  serviceCallsLeft: number = serviceLimits.callsPerRequestMax;
  #clientIp: string | AddressSource;
  #aborted = false;
  #running: Cancellable | null = null;
  #ticket: FillTicket | null = null;

  constructor(received: {
    readonly client: RequestMessage;
    readonly requestId: string;
    /** To learn it costs more than the rest of a hit, and most requests need it for nothing. */
    readonly clientIp: string | AddressSource;
    readonly domain: RoutedDomain | undefined;
    readonly cdnLoop: string;
    readonly socketProtocols: readonly string[] | null;
    /** Default null. */
    readonly tls?: ClientTls | null;
    /** Default false. */
    readonly opensTunnel?: boolean;
    /** Default: client. */
    readonly askedBy?: AskedBy;
  }) {
    this.askedBy = received.askedBy ?? "client";
    this.client = received.client;
    this.request = received.client;
    this.askedUrl = received.client.url;
    this.requestId = received.requestId;
    this.#clientIp = received.clientIp;
    this.domain = received.domain;
    this.cdnLoop = received.cdnLoop;
    this.socketProtocols = received.socketProtocols;
    this.tls = received.tls ?? null;
    this.opensTunnel = received.opensTunnel ?? false;
  }

  /** Empty for a preheat. */
  get clientIp(): string {
    if (typeof this.#clientIp !== "string") this.#clientIp = this.#clientIp.clientIp();
    return this.#clientIp;
  }

  /** To be called before the address cannot be learnt any more. */
  rememberClient(): void {
    void this.clientIp;
  }

  /** Held while other requests wait for what this one fetches. */
  get ticket(): FillTicket | null {
    return this.#ticket;
  }

  /** Other requests may wait for this one from now on. */
  lead(ticket: FillTicket): void {
    this.#ticket = ticket;
    ticket.whenDeserted(() => this.#stopUnlessWanted());
  }

  /** The client went away. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** Nobody waits for this exchange any more: not its client, and no other request for the same answer. */
  get abandoned(): boolean {
    return this.#aborted && (this.ticket === null || this.ticket.waiters === 0);
  }

  /** Stops what runs, unless others wait for its outcome. */
  abort(): void {
    this.#aborted = true;
    this.#stopUnlessWanted();
  }

  /** Names what runs now, so that it can be stopped; null when nothing does. */
  running(running: Cancellable | null): void {
    this.#running = running;
    if (running !== null && this.abandoned) running.cancel();
  }

  #stopUnlessWanted(): void {
    if (!this.abandoned) return;
    // Whoever comes now must not wait for what is being given up.
    this.#ticket?.settle({ kind: "uncacheable" });
    this.#running?.cancel();
  }
}
