/**
 * Fetches URLs into this front's cache on the operator's behalf: each takes the way of a client's request, and nobody gets its answer.
 *
 * One preheat at a time, a few URLs at once, so that clients keep the front. Invariant: every URL gets a result, after `preheatUrlMs` at the latest.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import type { PreheatResult } from "../../sdk/purge.ts";
import { mapBounded } from "../artifacts/map-bounded.ts";
import type { Logger } from "../logger.ts";
import { Exchange, type ResponseMessage } from "../pipeline/exchange.ts";
import { runPipeline } from "../pipeline/run-pipeline.ts";
import type { Services } from "../pipeline/services.ts";
import { parseWireUrl } from "../pipeline/wire-url.ts";
import type { BackgroundTasks } from "../supervisor/background-tasks.ts";
import type { RequestIntake } from "./request-intake.ts";

export interface PreheaterOptions {
  readonly services: Services;
  /** Knows the routing and numbers requests. */
  readonly intake: RequestIntake;
  readonly logger: Logger;
}

/** Names the asker to functions and origins. */
const USER_AGENT = "Selvage-Preheat";

export class Preheater {
  readonly #options: PreheaterOptions;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: PreheaterOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async preheat(urls: readonly string[]): Promise<readonly PreheatResult[]> {
    if (this.#waiting > purgeLimits.preheatsWaitingMax) return urls.map((url) => noResult(url));
    this.#waiting++;
    const running = this.#last.then(() =>
      mapBounded(urls, { concurrency: purgeLimits.preheatConcurrency, run: (url) => this.#fetch(url) }),
    );
    this.#last = running;
    const results = await running;
    this.#waiting--;
    return results;
  }

  async #fetch(href: string): Promise<PreheatResult> {
    const { clock } = this.#options.services;
    const startedMs = clock.monotonicMs();
    const deadline = Promise.withResolvers<null>();
    const exchange = this.#exchange(href);
    if (exchange === null) return noResult(href);
    const cancel = clock.after(purgeLimits.preheatUrlMs, () => {
      exchange.abort();
      deadline.resolve(null);
    });
    try {
      const result = await this.#answer(exchange, { href, deadline: deadline.promise });
      return { ...result, ms: Math.round(clock.monotonicMs() - startedMs) };
    } finally {
      cancel();
    }
  }

  async #answer(
    exchange: Exchange,
    { href, deadline }: { readonly href: string; readonly deadline: Promise<null> },
  ): Promise<PreheatResult> {
    const { services, logger } = this.#options;
    const answered = new Promise<ResponseMessage | null>((settle) =>
      runPipeline(services, exchange, { logger, settle }),
    );
    const answer = await Promise.race([answered, deadline]);
    if (answer === null) return noResult(href);
    const bytes = await readToEnd(answer.body, { deadline, background: services.background });
    if (bytes === null) return noResult(href);
    return { url: href, status: answer.status, bytes, cacheStatus: answer.node?.cacheStatus ?? "", ms: 0 };
  }

  /** Null when the URL is none that a request could have. */
  #exchange(href: string): Exchange | null {
    const { intake } = this.#options;
    const url = parseWireUrl(href);
    if (url === null) return null;
    // No Accept-Encoding: what is stored is the whole without coding, which other codings can be made of.
    const headers = `host:${url.host}\nuser-agent:${USER_AGENT}\naccept:*/*\n`;
    return new Exchange({
      client: { method: "GET", url, headers, body: emptyBody },
      requestId: intake.nextRequestId(),
      clientIp: "",
      domain: intake.routing.find(url.hostname),
      cdnLoop: "",
      socketProtocols: null,
      askedBy: "preheat",
    });
  }
}

/** The body's bytes; null when it broke off or `deadline` came first. */
async function readToEnd(body: Body, options: ReadOptions): Promise<number | null> {
  switch (body.kind) {
    case "empty":
      return 0;
    case "text":
      return Buffer.byteLength(body.text);
    case "bytes":
      return body.bytes.byteLength;
    case "stream":
      return await readStream(body.chunks[Symbol.asyncIterator](), options);
  }
}

interface ReadOptions {
  readonly deadline: Promise<null>;
  readonly background: BackgroundTasks;
}

async function readStream(
  chunks: AsyncIterator<Uint8Array>,
  { deadline, background }: ReadOptions,
): Promise<number | null> {
  let bytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), deadline]);
      if (next === null) {
        background.add("body.discard", Promise.resolve(chunks.return?.()));
        return null;
      }
      if (next.done === true) return bytes;
      bytes += next.value.byteLength;
    }
  } catch {
    return null;
  }
}

function noResult(url: string): PreheatResult {
  return { url, status: 0, bytes: 0, cacheStatus: "", ms: 0 };
}
