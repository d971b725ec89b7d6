/**
 * A host port on this process's own WebCrypto and ICU, with a clock and a network that tests drive.
 */
import { randomBytes, webcrypto } from "node:crypto";
import { domainToASCII } from "node:url";
import {
  connectHostPort,
  type HostBody,
  type HostCallResult,
  type HostPort,
  type IncomingResponse,
  type LogLevel,
  type OutgoingRequest,
} from "../../../runtime/guest/host-port.ts";
import { errorFromHost } from "../../../runtime/guest/web/core/host-error.ts";
import type { AbortSignal } from "../../../runtime/guest/web/events/abort-signal.ts";
import { QuickCrypto } from "../../../runtime/host-operations/quick-crypto.ts";
import { HostCompression } from "../../../runtime/host-operations/compression.ts";
import { HostSubtle } from "../../../runtime/host-operations/subtle.ts";
import { ThreadPool } from "../../../runtime/host-operations/thread-pool.ts";

/**
 * What the collector has done for an object that nobody holds, whenever it runs: it reaches the port connected by then, maybe of a later
 * test. Not among a port's calls; codecs have numbers of their own in this process, keys begin anew with each port and stay.
 */
const KEY_COLLECTED = "crypto.release";
const CODEC_COLLECTED = "compression.close";

interface PendingTimer {
  readonly dueMs: number;
  readonly fire: () => void;
}

export class FakeHostPort implements HostPort {
  readonly logs: { readonly level: LogLevel; readonly message: string }[] = [];
  /** What was asked of the host, but for what the collector asks. */
  readonly calls: string[] = [];
  readonly #pool = new ThreadPool(() => 0).user("version");
  readonly subtle: HostSubtle = new HostSubtle(webcrypto, this.#pool);
  readonly quick: QuickCrypto = new QuickCrypto(this.subtle);
  readonly compression: HostCompression = new HostCompression(this.#pool);
  readonly bufferedBodyBytesMax = 1_048_576;
  nowMs = 0;
  onFetch: (request: OutgoingRequest, signal: AbortSignal | null) => Promise<IncomingResponse> = () =>
    Promise.reject(new TypeError("no network"));
  readonly #timers = new Map<number, PendingTimer>();
  #lastTimer = 0;

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves the clock and fires what is due, in order. */
  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.dueMs <= untilMs);
      const first = due.sort(([, a], [, b]) => a.dueMs - b.dueMs)[0];
      if (first === undefined) break;
      this.nowMs = first[1].dueMs;
      this.#timers.delete(first[0]);
      first[1].fire();
    }
    this.nowMs = untilMs;
  }

  randomBytes(lengthBytes: number): ArrayBuffer {
    return new Uint8Array(randomBytes(lengthBytes)).buffer;
  }
  domainToAscii(domain: string): string {
    return domainToASCII(domain);
  }
  compute(request: string, buffers: readonly ArrayBuffer[]): string {
    return this.quick.compute(
      request,
      buffers.map((buffer) => buffer.slice()),
    );
  }
  monotonicMs(): number {
    return this.nowMs;
  }
  async call(operation: string, json: string, buffers: readonly ArrayBuffer[]): Promise<HostCallResult> {
    if (operation === KEY_COLLECTED) return { json: "null", buffers: [] };
    if (operation !== CODEC_COLLECTED) this.calls.push(operation);
    try {
      const performer = operation.startsWith("compression.") ? this.compression : this.subtle;
      return await performer.call(
        operation,
        json,
        buffers.map((buffer) => buffer.slice(0)),
      );
    } catch (error) {
      const { name, message } = error as Error;
      throw errorFromHost(name, message);
    }
  }
  startTimer(delayMs: number, fire: () => void): number {
    this.#lastTimer += 1;
    this.#timers.set(this.#lastTimer, { dueMs: this.nowMs + delayMs, fire });
    return this.#lastTimer;
  }
  clearTimer(id: number): void {
    this.#timers.delete(id);
  }
  log(level: LogLevel, message: string): void {
    this.logs.push({ level, message });
  }
  /** Invocations that are held, for tests to see that they are let go. */
  held = 0;
  holdInvocation(): () => void {
    this.held += 1;
    return () => {
      this.held -= 1;
    };
  }
  fetch(request: OutgoingRequest, signal: AbortSignal | null): Promise<IncomingResponse> {
    return this.onFetch(request, signal);
  }
}

/** Connects a new port; each test file that needs the host does so before each test. */
export function connectFakeHost(): FakeHostPort {
  const port = new FakeHostPort();
  connectHostPort(port);
  return port;
}

/** A body of the host that counts what is asked of it. */
export class FakeHostBody implements HostBody {
  readonly lengthBytes: number | undefined;
  reads = 0;
  cancelled = false;
  readonly #chunks: (Uint8Array | Error)[];

  constructor(chunks: readonly (string | Uint8Array | Error)[], lengthBytes?: number) {
    this.lengthBytes = lengthBytes;
    this.#chunks = chunks.map((chunk) => (typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk));
  }

  read(): Promise<Uint8Array | null> {
    this.reads += 1;
    const chunk = this.#chunks.shift() ?? null;
    return chunk instanceof Error ? Promise.reject(chunk) : Promise.resolve(chunk);
  }

  cancel(): void {
    this.cancelled = true;
  }
}
