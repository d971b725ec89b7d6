/**
 * Sends the records of calls that ended to their destinations: a function's call, an HTTP request, a queue's message.
 *
 * Knows no SQL. Invariants: a record is sent at least once or its call says why not; a function is called and a queue gets its message exactly once; a
 * chain of functions ends after `callLimits.depthMax`; a slow HTTP destination has `requestsPerOriginMax` requests and keeps no other waiting.
 */
import { callLimits, destinationLimits } from "../../sdk/call-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import type { Logger } from "../logger.ts";
import { laneOf, type CallQueue, type LeaseRoom, type Sending, type SendingEnd } from "./call-queue.ts";
import type { CallTargets } from "./call-targets.ts";
import type { HttpDestination } from "./http-destination.ts";

export interface DestinationSenderOptions {
  readonly queue: CallQueue;
  readonly targets: Pick<CallTargets, "resolve">;
  readonly http: Pick<HttpDestination, "post">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
  /** A function that was a destination is to be called. */
  readonly onAccepted: () => void;
}

/** Sendings in one round that are no HTTP requests. */
const localMax = 128;
const lookEveryMs = 1_000;
/** The queue of calls is full, or the store cannot be used. */
const heldMs = 1_000;

export class DestinationSender {
  readonly #options: DestinationSenderOptions;
  /** HTTP requests under way by lane. */
  readonly #requests = new Map<string, number>();
  readonly #background = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #open = 0;
  #pumping = false;
  #wanted = false;
  #cancelLook: CancelTimer = () => {};

  constructor(options: DestinationSenderOptions) {
    this.#options = options;
  }

  start(): void {
    this.wake();
  }

  /** There may be something to send. */
  wake(): void {
    this.#wanted = true;
    if (this.#pumping || this.#stop.signal.aborted) return;
    this.#pumping = true;
    this.#inBackground(this.#pump());
  }

  /** Breaks requests under way; they are sent again after the next start. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the control plane is shutting down"));
    this.#cancelLook();
    await Promise.all(this.#background);
  }

  async #pump(): Promise<void> {
    const { queue, logger } = this.#options;
    try {
      while (this.#wanted && !this.#stop.signal.aborted) {
        this.#wanted = false;
        if (queue.sendingDueInMs() !== 0) continue;
        const sendings = await queue.leaseSendings({ max: localMax, room: this.#room() });
        if (sendings.length > 0) this.#wanted = true;
        for (const sending of sendings) this.#inBackground(this.#send(sending));
      }
    } catch (error) {
      logger.error({ error }, "sending_failed");
    } finally {
      this.#pumping = false;
    }
    this.#scheduleLook();
  }

  #room(): LeaseRoom {
    const { requestsMax, requestsPerOriginMax } = destinationLimits;
    const taken = new Map<string, number>();
    let free = requestsMax - this.#open;
    return {
      of: (lane) => {
        if (!isHttp(lane)) return localMax;
        const own = (this.#requests.get(lane) ?? 0) + (taken.get(lane) ?? 0);
        return Math.max(0, Math.min(free, requestsPerOriginMax - own));
      },
      take: (lane, count) => {
        if (!isHttp(lane)) return;
        free -= count;
        taken.set(lane, (taken.get(lane) ?? 0) + count);
      },
    };
  }

  async #send(sending: Sending): Promise<void> {
    const { destination } = sending;
    switch (destination.kind) {
      case "queue":
        return this.#end(sending, { kind: "queued", queue: destination.queue });
      case "function":
        return this.#end(sending, await this.#callFunction(sending, destination));
      case "http":
        return this.#end(sending, await this.#post(sending, destination.url));
    }
  }

  async #callFunction(
    { body, depth }: Sending,
    { function: functionName, qualifier }: { readonly function: string; readonly qualifier: string },
  ): Promise<SendingEnd> {
    const { targets, uniqueId } = this.#options;
    if (depth >= callLimits.depthMax) {
      const message = `destinations called functions ${String(callLimits.depthMax)} times in a row`;
      return { kind: "failed", message };
    }
    try {
      const { version, config } = await targets.resolve(functionName, qualifier);
      if (version.event === null) return { kind: "failed", message: "the version is no event function" };
      const { retries, maxAgeSeconds, onSuccess, onFailure } = config;
      const treated = { retries, maxAgeMs: maxAgeSeconds * 1_000, onSuccess, onFailure };
      const call = { id: uniqueId(), function: functionName, qualifier, event: body, depth: depth + 1, ...treated };
      return { kind: "called", call };
    } catch (error) {
      if (error instanceof ControlError) return { kind: "failed", message: error.message };
      return { kind: "again", held: true, delayMs: heldMs };
    }
  }

  async #post({ callId, body, attempts, destination }: Sending, url: string): Promise<SendingEnd> {
    const lane = laneOf(destination);
    this.#open++;
    this.#requests.set(lane, (this.#requests.get(lane) ?? 0) + 1);
    const outcome = await this.#options.http.post(url, { body, requestId: callId, signal: this.#stop.signal });
    this.#open--;
    const left = (this.#requests.get(lane) ?? 1) - 1;
    if (left === 0) this.#requests.delete(lane);
    else this.#requests.set(lane, left);
    if (this.#stop.signal.aborted) return { kind: "again", held: true, delayMs: 0 };
    if (outcome.kind === "taken") return { kind: "sent" };
    if (outcome.kind === "refused" || attempts + 1 >= destinationLimits.attemptsMax) {
      return { kind: "failed", message: outcome.message };
    }
    return { kind: "again", held: false, delayMs: callLimits.retryMs * 4 ** attempts };
  }

  /** What cannot be stored now is tried again until it can. */
  async #end({ sequence, callId }: Sending, end: SendingEnd): Promise<void> {
    const { queue, clock, logger, onAccepted } = this.#options;
    for (let next = end; !this.#stop.signal.aborted;) {
      try {
        await queue.endSending(sequence, next);
        if (next.kind === "called") onAccepted();
        this.wake();
        return;
      } catch (error) {
        logger.warn({ requestId: callId, error }, "sending_end_not_stored");
        const instead = this.#instead(error);
        if (instead !== null) {
          next = instead;
          continue;
        }
      }
      await new Promise<void>((resolve) => {
        clock.after(heldMs, resolve);
      });
    }
  }

  #instead(error: unknown): SendingEnd | null {
    if (!(error instanceof ControlError)) return null;
    if (error.code === "LIMIT_REACHED") return { kind: "failed", message: "the queue is full" };
    return error.code === "CALL_QUEUE_FULL" ? { kind: "again", held: true, delayMs: heldMs } : null;
  }

  #scheduleLook(): void {
    this.#cancelLook();
    const { queue, clock } = this.#options;
    const dueInMs = this.#stop.signal.aborted ? null : queue.sendingDueInMs();
    // Due and not leased: a lane without room, which wakes when it has some.
    if (dueInMs === null) return;
    this.#cancelLook = clock.after(Math.min(lookEveryMs, dueInMs === 0 ? lookEveryMs : dueInMs), () => {
      this.wake();
    });
  }

  #inBackground(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.#options.logger.error({ error }, "sending_work_failed");
      })
      .finally(() => this.#background.delete(watched));
    this.#background.add(watched);
  }
}

function isHttp(lane: string): boolean {
  return lane.includes("://");
}
