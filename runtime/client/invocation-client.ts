/**
 * The front's side of the bridge: implements `Driver` over a link to an engine, wherever that engine runs.
 *
 * It owns the invocation ids, the bodies the front handed in, and the subrequests under way. Invariant: every `invoke` settles its outcome
 * exactly once, also when the link ends.
 */
import { nodeLimits } from "../../sdk/limits.ts";
import type { Body } from "../body.ts";
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  TracedInvocation,
  VersionStats,
} from "../driver.ts";
import { readStartFailure, readStats } from "../bridge/done-frame.ts";
import { FrameError, FrameReader, frame, int } from "../bridge/frame.ts";
import { writeInvocation, type AnnouncedBody } from "../bridge/invocation-frame.ts";
import { writeLoad } from "../bridge/load-frame.ts";
import { condemnedReasons, toEngine, toFront, type CondemnedReason } from "../bridge/protocol.ts";
import type { Link } from "../link.ts";
import { IdTable } from "../id-table.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { GuestFrames } from "./guest-frames.ts";
import { endSockets } from "./guest-sockets.ts";
import { isRepeatable, pendingInvocation, type PendingInvocation } from "./pending-invocation.ts";
import { ReservedCounts } from "./reserved-counts.ts";

const idMax = 0x0fff_ffff;
/** What an engine may be late before its front answers in its place. */
const overdueMs = 250;
/** More instances than a host ever has. */
const anyNumber = 0x0fff_ffff;

/** The engine said that its process must end: which version's isolate does not come back, and why. */
export type Condemned = (condemned: { readonly key: string; readonly reason: CondemnedReason }) => void;

export class InvocationClient implements Driver {
  readonly #link: Link;
  readonly #environment: Pick<RuntimeEnvironment, "nowMs">;
  readonly #numbers = new Map<string, { readonly number: number; readonly version: RunnableVersion }>();
  readonly #pending = new IdTable<PendingInvocation>();
  readonly #requests = new Map<number, (json: string) => void>();
  readonly #guests: GuestFrames;
  readonly #warming = new Map<number, string>();
  readonly #reserved: ReservedCounts;
  /**
   * Called once when the link ended by itself, before the invocations under way fail; gets the keys of those, and what came of what the engine said
   * where that made the front end the link.
   */
  onLost: (running: readonly string[], failure: Error | null) => void = ignore;
  onCondemned: Condemned = ignore;
  #instancesGone = 0;
  #nextNumber = 1;
  #nextInvocation = 1;
  #nextRequest = 1;
  #closed = false;

  constructor(link: Link, environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">) {
    this.#link = link;
    this.#environment = environment;
    this.#reserved = new ReservedCounts({
      nowMs: () => environment.nowMs(),
      tell: (key, count) => this.#reserve(key, count),
    });
    this.#guests = new GuestFrames(link, { pending: this.#pending, environment });
    link.onBatch = (batch, buffers) => {
      this.#receive(batch, buffers);
    };
    link.onClose = (failure) => {
      this.#lose(failure);
    };
  }

  async load(version: RunnableVersion): Promise<void> {
    if (this.#closed || this.#numbers.has(version.key)) return;
    const number = this.#nextNumber++;
    // The link keeps order: an invocation sent from here on arrives after the version.
    this.#numbers.set(version.key, { number, version });
    await this.#request(ignore, (id) => {
      const load = writeLoad(version, { request: id, version: number });
      this.#link.send(load.frame, load.buffers);
    });
  }

  unload(key: string): void {
    const entry = this.#numbers.get(key);
    if (entry === undefined) return;
    this.#numbers.delete(key);
    this.#reserved.forget(key);
    for (const pending of this.#pending.values()) {
      if (pending.key === key)
        endSockets(pending, { code: CLOSE_SERVICE_RESTART, reason: "The function was replaced" });
    }
    this.#link.send(frame(toEngine.unload, int(entry.number)), []);
  }

  warm(key: string, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    return this.#warm(key, { count, below: anyNumber });
  }

  async prewarm(key: string): Promise<void> {
    await this.#warm(key, { count: 1, below: nodeLimits.prewarmBelowInstances });
  }

  reserve(key: string, count: number): void {
    if (this.#numbers.has(key)) this.#reserved.say(key, count);
  }

  #reserve(key: string, count: number): Promise<string> {
    const number = this.#numbers.get(key)?.number;
    if (number === undefined) return Promise.resolve("");
    return this.#request(asItIs, (id) => {
      this.#warming.set(id, key);
      this.#link.send(frame(toEngine.reserve, int(id) + int(number) + int(count)), []);
    });
  }

  async #warm(
    key: string,
    { count, below }: { readonly count: number; readonly below: number },
  ): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    const entry = this.#numbers.get(key);
    if (entry === undefined) return failed("FUNCTION_UNAVAILABLE", "The function version is not loaded", "");
    const failure = await this.#request(readStartFailure, (id) => {
      this.#warming.set(id, key);
      this.#link.send(frame(toEngine.warm, int(id) + int(entry.number) + int(count) + int(below)), []);
    });
    return failure === null ? null : failed("FUNCTION_LOAD_FAILED", failure.message, failure.stack);
  }

  invoke(invocation: Invocation, host: InvocationHost): TracedInvocation {
    const entry = this.#numbers.get(invocation.key);
    if (entry === undefined || this.#closed) {
      const code = this.#closed ? "HOST_LOST" : "FUNCTION_UNAVAILABLE";
      return {
        outcome: Promise.resolve(failed(code, "The function version is not loaded here", "")),
        cancel: ignore,
        // Nothing was sent.
        isRepeatable: () => true,
      };
    }
    const id = this.#takeId();
    const pending = pendingInvocation(invocation, { host, version: entry.version, nowMs: this.#environment.nowMs() });
    this.#pending.set(id, pending);
    this.#link.send(
      frame(toEngine.invoke, int(entry.number) + int(id) + writeInvocation(announce(invocation))),
      noBuffers,
    );
    const outcome = new Promise<Outcome>((resolve) => {
      pending.settle = resolve;
    });
    return {
      outcome,
      cancel: () => {
        pending.giveUpBeginning?.(failed("REQUEST_ABORTED", "The client went away before the body began", ""));
        if (this.#pending.get(id) === pending) this.#link.send(frame(toEngine.cancel, int(id)), noBuffers);
      },
      isRepeatable: () => isRepeatable(invocation, { pending, version: entry.version }),
    };
  }

  stats(): Promise<readonly VersionStats[]> {
    // A host counts what it runs and nothing else.
    const read = (json: string): readonly VersionStats[] => readStats(json).filter(({ key }) => this.#numbers.has(key));
    return this.#request(read, (id) => {
      this.#link.send(frame(toEngine.stats, int(id)), []);
    });
  }

  /** Resolves when the engine's event loop answered; never when the link ended before. */
  async ping(): Promise<void> {
    await this.#request(ignore, (id) => {
      this.#link.send(frame(toEngine.ping, int(id)), []);
    });
  }

  /**
   * Fails invocations whose wall limit was over so long ago that the engine, which counts itself and more exactly, must be stuck or starved.
   * Returns how many.
   */
  failOverdue(nowMs: number): number {
    let failures = 0;
    for (const [id, pending] of this.#pending) {
      if (pending.settle === null || pending.giveUpBeginning !== null) continue;
      if (nowMs < pending.answersUntilMs + overdueMs) continue;
      const { settle } = pending;
      pending.settle = null;
      pending.isOverdue = true;
      failures += 1;
      settle(failed("FUNCTION_WALL_LIMIT", "The function's process did not answer within the wall time limit", ""));
      this.#link.send(frame(toEngine.cancel, int(id)), noBuffers);
    }
    return failures;
  }

  /** Invocations that have not ended. */
  get active(): number {
    return this.#pending.size;
  }

  /** Keys of the versions that have invocations which have not ended, or instances that are being started. */
  get running(): readonly string[] {
    return [...new Set([...[...this.#pending.values()].map(({ key }) => key), ...this.#warming.values()])];
  }

  /** Instances that spoke and are not gone, and those that are kept, which may not have spoken yet: never fewer than there are. */
  get instances(): number {
    return this.#guests.instances + this.#reserved.total;
  }

  /** Instances that ended so far, whyever. */
  get instancesGone(): number {
    return this.#instancesGone;
  }

  /** The engine's process is over, whatever the link says: all that is under way fails. Harmless when it has. */
  ended(): void {
    this.#lose(null);
    this.#link.close();
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#failAll("NODE_DRAINING", "The node is shutting down");
    }
    this.#link.close();
    return Promise.resolve();
  }

  #receive(batch: string, buffers: readonly Uint8Array[]): void {
    const reader = new FrameReader(batch);
    let used = 0;
    while (reader.next()) {
      const own = reader.buffers === 0 ? noBuffers : buffers.slice(used, used + reader.buffers);
      used += reader.buffers;
      switch (reader.kind) {
        case toFront.fromInstance:
          this.#guests.read(reader.int(), reader.rest(), own);
          break;
        case toFront.instanceGone:
          this.#instancesGone += 1;
          this.#guests.instanceGone(reader.int());
          break;
        case toFront.instanceIdle:
          this.#guests.instanceIdle(reader.int());
          break;
        case toFront.done: {
          const id = reader.int();
          this.#requests.get(id)?.(reader.text());
          this.#requests.delete(id);
          this.#warming.delete(id);
          break;
        }
        case toFront.condemned:
          this.onCondemned({ reason: condemnedReasons[reader.int()] ?? "stuck", key: reader.text() });
          break;
        default:
          throw new FrameError("its kind is unknown");
      }
    }
  }

  /** `read` gets what the engine answers, or "" when it never will; what it throws ends the link. */
  #request<Answer>(read: (json: string) => Answer, send: (id: number) => void): Promise<Answer> {
    if (this.#closed) return Promise.resolve(read(""));
    const id = this.#nextRequest++ & idMax;
    return new Promise((resolve) => {
      this.#requests.set(id, (json) => {
        resolve(read(json));
      });
      send(id);
    });
  }

  #takeId(): number {
    do {
      this.#nextInvocation = this.#nextInvocation >= idMax ? 1 : this.#nextInvocation + 1;
    } while (this.#pending.has(this.#nextInvocation));
    return this.#nextInvocation;
  }

  #lose(failure: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onLost(this.running, failure);
    this.#failAll("HOST_LOST", "The process that ran the function ended");
  }

  #failAll(code: "HOST_LOST" | "NODE_DRAINING", message: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const invocation of pending) invocation.settle?.(failed(code, message, ""));
    this.#guests.linkGone(message, { isGoingAway: code === "NODE_DRAINING" });
    for (const resolve of this.#requests.values()) resolve("");
    this.#requests.clear();
  }
}

/** From the registry of RFC 6455 §11.7: who is told so connects again, and meets the version that came after. */
const CLOSE_SERVICE_RESTART = 1012;

const noBuffers: readonly Uint8Array[] = [];

function ignore(): void {}

function asItIs(json: string): string {
  return json;
}

function announce(invocation: Invocation): Parameters<typeof writeInvocation>[0] {
  const { response } = invocation;
  return {
    phase: invocation.phase,
    memoryMiB: invocation.memoryMiB ?? 0,
    requestId: invocation.requestId,
    method: invocation.method,
    url: invocation.url,
    headers: invocation.headers,
    body: announced(invocation.body),
    clientIp: invocation.clientIp,
    domain: invocation.domain,
    rulePriority: invocation.rulePriority,
    cacheStatus: invocation.cacheStatus,
    tls: tlsText(invocation.tls),
    response:
      response === null ? null : { status: response.status, headers: response.headers, body: announced(response.body) },
  };
}

function tlsText(tls: Invocation["tls"]): string {
  return tls === undefined || tls === null ? "" : `${tls.version} ${tls.cipher} ${tls.serverName}`;
}

function announced(body: Body): AnnouncedBody {
  switch (body.kind) {
    case "empty":
      return null;
    case "bytes":
      return { lengthBytes: body.bytes.byteLength };
    case "text":
      return { lengthBytes: undefined };
    case "stream":
      return { lengthBytes: body.lengthBytes };
  }
}

function failed(
  code: Extract<Outcome, { kind: "failed" }>["code"],
  message: string,
  stack: string,
): Extract<Outcome, { kind: "failed" }> {
  return { kind: "failed", code, message, stack, passThrough: false };
}
