/**
 * Fetches archives of code from http and https addresses, public ones only unless the operator allows others.
 *
 * Each connection's own address is judged, by the same check as that of destinations, and so is that of each redirect; an https address never leads
 * to an http one. Invariants: no more than `archiveLimits.bytesMax` bytes are held of one, and it ends by `totalMs`; no message and no log holds an
 * address's path or query, which may be a secret.
 */
import type dns from "node:dns";
import { Agent, type Dispatcher } from "undici";
import { archiveLimits, codeDownloadLimits } from "../../sdk/code-limits.ts";
import type { EgressPolicy } from "../../sdk/egress-policy.ts";
import { checkedLookup, isAddressRefusal, isRefusedLiteral } from "../calls/http-destination.ts";

export type DownloadOutcome =
  | { readonly kind: "fetched"; readonly bytes: Uint8Array }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "too-large"; readonly reason: string }
  /** Too many under way. */
  | { readonly kind: "busy" };

export interface CodeDownloadOptions {
  readonly policy: EgressPolicy;
  /** Sent as `User-Agent`. */
  readonly userAgent: string;
  /** Default: the system's. */
  readonly resolver?: typeof dns.lookup;
  /** Default: `codeDownloadLimits.totalMs`. */
  readonly totalMs?: number;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const tooLarge: DownloadOutcome = {
  kind: "too-large",
  reason: `it has more bytes than allowed: at most ${String(archiveLimits.bytesMax)}`,
};

/** Why `text` is not where code can be fetched from, completing "allowed: …", or null. Its address is judged when it is connected to. */
export function refuseCodeUrl(text: string): string | null {
  const { urlCharsMax } = codeDownloadLimits;
  const url = URL.parse(text);
  const isAllowed =
    text.length <= urlCharsMax && url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
  return isAllowed ? null : `an http or https URL without user name, at most ${String(urlCharsMax)} characters`;
}

export class CodeDownload {
  readonly #options: CodeDownloadOptions;
  readonly #agent: Agent;
  readonly #totalMs: number;
  #running = 0;

  constructor(options: CodeDownloadOptions) {
    this.#options = options;
    this.#totalMs = options.totalMs ?? codeDownloadLimits.totalMs;
    this.#agent = new Agent({
      connect: { timeout: this.#totalMs, lookup: checkedLookup(options) },
      headersTimeout: this.#totalMs,
      bodyTimeout: this.#totalMs,
      maxHeaderSize: 16_384,
    });
  }

  /** Never rejects. */
  async fetch(url: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<DownloadOutcome> {
    const refused = refuseCodeUrl(url);
    if (refused !== null) return { kind: "refused", reason: `received no address of code, allowed: ${refused}` };
    if (this.#running >= codeDownloadLimits.atOnceMax) return { kind: "busy" };
    this.#running++;
    const deadline = AbortSignal.timeout(this.#totalMs);
    try {
      const ended = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
      return await this.#follow(new URL(url), ended);
    } catch (error) {
      return describeFailure(error, { hasTimedOut: deadline.aborted, totalMs: this.#totalMs });
    } finally {
      this.#running--;
    }
  }

  /** Breaks what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #follow(first: URL, signal: AbortSignal): Promise<DownloadOutcome> {
    const { policy, userAgent } = this.#options;
    const { redirectsMax } = codeDownloadLimits;
    let url = first;
    for (let hop = 0; hop <= redirectsMax; hop++) {
      if (isRefusedLiteral(url.hostname, policy)) return notAllowed;
      const response = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: "GET",
        headers: { accept: "application/zip, */*", "accept-encoding": "identity", "user-agent": userAgent },
        signal,
      });
      if (!redirects.has(response.statusCode)) return await readAnswer(response);
      drop(response.body);
      const next = nextUrl(response.headers["location"], url);
      if (typeof next === "string") return { kind: "refused", reason: next };
      url = next;
    }
    return { kind: "refused", reason: `it leads to another address more than ${String(redirectsMax)} times` };
  }
}

const notAllowed: DownloadOutcome = { kind: "refused", reason: "its address is not allowed" };

/** Where a redirect leads, or why it is not followed. */
export function nextUrl(location: unknown, from: URL): URL | string {
  const next = typeof location === "string" ? URL.parse(location, from.href) : null;
  if (next === null || refuseCodeUrl(next.href) !== null) return "it leads to something that is no address of code";
  if (from.protocol === "https:" && next.protocol === "http:") return "it leads from https to http";
  return next;
}

async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<DownloadOutcome> {
  const { bytesMax } = archiveLimits;
  const coding = headers["content-encoding"] ?? "identity";
  const refused =
    statusCode !== 200
      ? `it answered ${String(statusCode)}`
      : coding === "identity"
        ? null
        : "its answer is compressed, allowed: the archive as it is";
  if (refused !== null || Number(headers["content-length"] ?? 0) > bytesMax) {
    drop(body);
    return refused === null ? tooLarge : { kind: "refused", reason: refused };
  }
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    total += part.byteLength;
    // Leaving the loop ends the body.
    if (total > bytesMax) return tooLarge;
    parts.push(part);
  }
  return { kind: "fetched", bytes: Buffer.concat(parts, total) };
}

/** Ends a body that is not read; its error is that, and nobody else hears it. */
function drop(body: Dispatcher.ResponseData["body"]): void {
  body.on("error", () => {});
  body.destroy();
}

function describeFailure(
  error: unknown,
  { hasTimedOut, totalMs }: { readonly hasTimedOut: boolean; readonly totalMs: number },
): DownloadOutcome {
  if (isAddressRefusal(error)) return notAllowed;
  if (hasTimedOut) return { kind: "refused", reason: `it did not come within ${String(totalMs)} ms` };
  const { code } = error as { readonly code?: unknown };
  return { kind: "refused", reason: typeof code === "string" ? `no whole answer: ${code}` : "no whole answer" };
}
