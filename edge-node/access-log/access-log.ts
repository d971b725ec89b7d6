/**
 * The access log of one front: which answers get a line, and the lines on their way to where they are kept.
 *
 * Knows no file and no socket: lines go to an output in batches. Invariants: a request never waits for the log; what is held is bounded, and
 * what does not fit is dropped and counted; a request's place in the sample is decided once, when it comes.
 */
import { accessLogLimits } from "../../sdk/cdn-limits.ts";
import type { AccessLog as AccessLogPolicy } from "../../sdk/domain-policy.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { accessLine, type SentAnswer } from "./access-line.ts";

/** Where lines are kept. */
export interface LogOutput {
  /** Writes whole lines. A rejection means that some of them may not be there. */
  write(lines: string): Promise<void>;
  close(): Promise<void>;
}

export interface AccessLogOptions {
  readonly node: string;
  readonly output: LogOutput;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Since the front's start. */
export interface AccessLogCounts {
  readonly written: number;
  readonly dropped: number;
}

/** A request whose answer may get a line. */
export interface LoggedRequest {
  readonly receivedAt: number;
  readonly startedMs: number;
  /** Part of the sample; others get a line when they end badly. */
  readonly isSampled: boolean;
}

export class AccessLog {
  readonly #options: AccessLogOptions;
  #lines: string[] = [];
  #chars = 0;
  #writing: Promise<void> | null = null;
  #cancelTimer: CancelTimer | null = null;
  readonly #counts = { written: 0, dropped: 0 };
  #isFailing = false;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  get counts(): AccessLogCounts {
    return this.#counts;
  }

  /** To be called when the request came; null: its domain keeps no log. */
  open(policy: AccessLogPolicy): LoggedRequest | null {
    if (policy.status === "off") return null;
    const { clock, random } = this.#options;
    const isSampled = policy.sampling >= 1 || random() < policy.sampling;
    return { receivedAt: clock.now(), startedMs: clock.monotonicMs(), isSampled };
  }

  /** Takes the line of an answer that was sent, if it gets one. */
  add(exchange: Exchange, sent: Omit<SentAnswer, "node" | "receivedAt"> & { readonly request: LoggedRequest }): void {
    const { request, ...answer } = sent;
    if (!request.isSampled && answer.status < 500) return;
    if (this.#chars >= accessLogLimits.heldCharsMax) {
      this.#counts.dropped++;
      return;
    }
    const line = accessLine(exchange, { ...answer, node: this.#options.node, receivedAt: request.receivedAt });
    this.#lines.push(line);
    this.#chars += line.length;
    this.#cancelTimer ??= this.#options.clock.after(accessLogLimits.flushMs, () => this.#flush());
  }

  /** Writes what is held. Takes lines afterwards, too. Never rejects. */
  async flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#flush();
    while (this.#writing !== null) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#options.output.close();
  }

  #flush(): void {
    this.#cancelTimer = null;
    if (this.#writing !== null || this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#writing = this.#write(lines).finally(() => {
      this.#writing = null;
      this.#chars = this.#lines.reduce((sum, { length }) => sum + length, 0);
      // What came meanwhile is as old as the write took.
      this.#flush();
    });
  }

  async #write(lines: readonly string[]): Promise<void> {
    const { logger, output } = this.#options;
    try {
      await output.write(lines.join(""));
      this.#counts.written += lines.length;
      this.#isFailing = false;
    } catch (error) {
      this.#counts.dropped += lines.length;
      // A full disk stays full for long: once is enough.
      if (!this.#isFailing) logger.error({ err: error, lines: lines.length }, "access_log.failed");
      this.#isFailing = true;
    }
  }
}
