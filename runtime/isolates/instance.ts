/**
 * One isolate that serves one function version: its batches in and out, its timers and calls, and the account of what it uses.
 *
 * It knows frames only as far as it must: who is running here and what the guest waits for. Invariants: frames of a guest about anything
 * it does not own stop the instance; after `stop` nothing of it runs and every invocation it had was reported.
 */
import { heartbeatLimits } from "../../sdk/instance-limits.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import { failedOutcome } from "../bridge/failed-outcome.ts";
import { FrameError, type FrameReader, frame, int } from "../bridge/frame.ts";
import {
  answersTheGuest,
  bodyOwner,
  forwardedToFront,
  fromGuest,
  outcomeKind,
  toEngine,
  toGuest,
} from "../bridge/protocol.ts";
import type { PoolUser } from "../host-operations/thread-pool.ts";
import { IdTable } from "../id-table.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { disposeQuietly, type GuestEntry } from "./boot.ts";
import { CpuAccount, type CpuMark } from "./cpu-account.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { Entrance } from "./entrance.ts";
import type { EntryWatch } from "./entry-watch.ts";
import { GuestCalls } from "./guest-calls.ts";
import { GuestTimers } from "./guest-timers.ts";
import { readGuestWords } from "./guest-words.ts";
import type { InstanceOwner } from "./instance-owner.ts";
import type { ActiveInvocation, InstanceParts } from "./instance-parts.ts";
import type { InstanceSize } from "./instance-pool.ts";
import type { Copy, Isolate } from "./isolated-vm.ts";
import { aboutSockets, SocketLedger } from "./socket-ledger.ts";
import { unhandledRejectionFrame } from "./unhandled-rejection.ts";

/** Up to so many invocations at once the engine is asked of every entry whether it left a rejection unhandled; it costs a thread hop. */
const rejectionsWatchedUpTo = 2;
/** Looks in a row that found the isolate computing. */
const busyClaimsBeforeProbe = 4;

export class Instance {
  readonly number: number;
  /** The engine's own note: it is in the list of idle instances. */
  isListedIdle = false;
  /** And: it answered, so that its initializer, if it has one, is over. */
  isInitialized = false;
  /** And: it serves nobody new. */
  isRetired = false;
  readonly size: InstanceSize;
  readonly #isolate: Isolate;
  readonly #limits: FunctionLimits;
  readonly #environment: RuntimeEnvironment;
  readonly #owner: InstanceOwner;
  readonly #calls: GuestCalls;
  readonly #pool: PoolUser;
  readonly #active = new IdTable<ActiveInvocation>();
  readonly #timers: GuestTimers;
  readonly #sockets = new SocketLedger();
  readonly #cpu = new CpuAccount();
  readonly #meter: CpuMeter;
  readonly #entrance: Entrance;
  #text = "";
  #buffers: Copy<ArrayBuffer>[] = [];
  /** Bodies, subrequests and streams the front owes an answer for. */
  #awaitedFromFront = 0;
  #stopped = false;
  #subrequests = 0;
  #words = 0;
  /** Where the CPU time of what runs after all invocations have ended is counted from. */
  #afterwards: CpuMark = this.#cpu.begin(0);
  #afterwardsCpuMs: number;

  constructor(parts: InstanceParts) {
    this.number = parts.number;
    this.size = parts.size;
    this.#isolate = parts.isolate;
    this.#limits = parts.limits;
    this.#afterwardsCpuMs = parts.limits.cpuMs;
    this.#environment = parts.environment;
    this.#owner = parts.owner;
    this.#pool = parts.pool;
    this.#meter = new CpuMeter(parts.isolate, { nowMs: () => parts.environment.nowMs(), pool: parts.pool });
    this.#entrance = new Entrance({
      environment: parts.environment,
      limits: parts.limits,
      onFailed: (error) => {
        if (!this.#stopped && !this.#isolate.isDisposed) this.#reply(unhandledRejectionFrame(error), []);
      },
      onTimeout: () => {
        this.#stopForCpu("in one go");
      },
      mayRunHere: () => parts.owner.mayRunHere(),
    });
    this.#calls = new GuestCalls({ webCrypto: parts.environment.webCrypto, pool: parts.pool }, (raw, buffers) => {
      this.#reply(raw, buffers);
    });
    this.#timers = new GuestTimers(parts.environment, (id) => {
      this.#reply(frame(toGuest.timer, int(id)), []);
    });
  }

  /** What `connectIsolate` needs: computes while the guest waits. */
  readonly compute = (request: unknown, buffers: readonly unknown[]): string =>
    this.#stopped ? "" : this.#meter.computing(() => this.#calls.compute(request, buffers));

  /** What `connectIsolate` needs: called by the guest with everything it says. */
  readonly onGuestWords = (batch: unknown, ...buffers: unknown[]): void => {
    if (this.#stopped) return;
    this.#words += 1;
    try {
      this.#readGuestWords(batch, buffers);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.stop("FUNCTION_RESULT_INVALID", error.message);
    }
  };

  /** The instance is ready to receive. */
  connected(receive: GuestEntry): void {
    this.#entrance.open(receive);
  }

  /** The entries into the isolate that have not come back; not all are watched while there is no reason to. */
  get entries(): EntryWatch {
    return this.#entrance.entries;
  }

  /** Invocations that have not ended. */
  get active(): number {
    return this.#active.size;
  }

  /** Whether the host's threads compute something for it. */
  get isComputing(): boolean {
    return this.#pool.isComputing;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** CPU time that was used in the isolate, while it waited for `compute` and on the host's threads, since it exists, milliseconds. */
  get cpuMs(): number {
    return this.#meter.totalMs;
  }

  /** What the isolate says it used since the last call, milliseconds; the caller decides how much of it to charge. */
  claimCpu(): number {
    const claim = this.#meter.claim();
    if (this.#meter.busyClaims === busyClaimsBeforeProbe) this.#probe();
    return claim;
  }

  /** Has the return of the thread watched from now on. */
  #probe(): void {
    if (this.entries.open === 0 && !this.#isolate.isDisposed) void this.#entrance.passThrough();
  }

  /** Counts CPU time against the limits of the invocations that run. */
  chargeCpu(ms: number): void {
    this.#entrance.looked(Math.max(0, ms - this.#meter.elsewhereMs));
    this.#cpu.charge(ms);
  }

  /** Hands an invocation frame to the guest with the next `flush`. */
  invoke(id: number, raw: string, wallMs: number): void {
    // What was used while nothing ran (starting up) is nobody's, unless the host computes for it still.
    if (this.#active.size === 0 && !this.isComputing) this.claimCpu();
    this.#active.set(id, {
      id,
      deadlineMs: this.#environment.nowMs() + wallMs,
      cpu: this.#cpu.begin(this.#active.size - this.#sockets.quiet),
      answered: false,
    });
    this.#entrance.countInvocation();
    this.#text += raw;
  }

  /** Asks the guest whether it is well; the answer is the owner's. Idle, it has a limit of its own for that; busy, its invocations pay but for a little. */
  beat(question: number): void {
    this.#cpu.charge(-heartbeatLimits.forgivenCpuMs);
    if (this.#active.size === 0) {
      this.claimCpu();
      this.#beginAfterwards(heartbeatLimits.cpuMsMax);
    }
    this.#reply(frame(toGuest.heartbeat, int(question)), []);
  }

  #beginAfterwards(cpuMsMax: number): void {
    this.#afterwards = this.#cpu.begin(0);
    this.#afterwardsCpuMs = Math.min(this.#limits.cpuMs, cpuMsMax);
  }

  /** Passes a frame of the front on, with buffers made for it (guest-buffers.ts). */
  deliver(raw: string, kind: string, buffers: readonly Copy<ArrayBuffer>[]): void {
    if (answersTheGuest.has(kind)) this.#awaitedFromFront -= 1;
    else if (aboutSockets.has(kind)) this.#renew(this.#sockets.delivered(raw));
    this.#text += raw;
    for (const buffer of buffers) this.#buffers.push(buffer);
  }

  /** Crosses into the isolate with everything collected. */
  flush(): void {
    const batch = this.#text;
    if (batch === "" || this.#stopped || !this.#entrance.isOpen) return;
    this.#text = "";
    const buffers = this.#buffers;
    this.#buffers = [];
    this.#entrance.enter({ batch, buffers, isWatched: this.#active.size <= rejectionsWatchedUpTo });
  }

  /**
   * Looks whether a limit was passed; called often while anything is active.
   * Returns true when the instance was stopped.
   */
  check(nowMs: number): boolean {
    if (this.#stopped) return true;
    if (this.#isolate.isDisposed) {
      this.stop("FUNCTION_MEMORY_LIMIT", `The isolate ran out of its ${this.#limits.memoryMiB} MiB`);
      return true;
    }
    for (const invocation of this.#active.values()) {
      if (this.#cpu.exceeds(invocation.cpu, this.#limits.cpuMs)) {
        this.#stopForCpu("");
        return true;
      }
      if (!invocation.answered && nowMs > invocation.deadlineMs) {
        this.#failOne(invocation, "FUNCTION_WALL_LIMIT", "No answer within the wall time limit");
      }
    }
    if (this.#active.size === 0 && this.#cpu.exceeds(this.#afterwards, this.#afterwardsCpuMs))
      this.#stopForCpu("while no invocation ran");
    if (this.#sockets.isDue(nowMs)) this.#renewHolders();
    return this.#stopped;
  }

  /** Counts CPU time anew for whoever holds sockets, once the guest has returned from all it does now. */
  #renewHolders(): void {
    void this.#sockets
      .probe(
        () => this.#entrance.passThrough(),
        () => this.#environment.nowMs(),
      )
      .then((holders) => {
        for (const id of holders) this.#renew(id);
      });
  }

  #renew(id: number | null): void {
    const invocation = id === null ? undefined : this.#active.get(id);
    if (invocation !== undefined) invocation.cpu = this.#cpu.begin(this.#active.size - 1 - this.#sockets.quiet);
  }

  /** Subrequests since the last call. */
  takeSubrequests(): number {
    const count = this.#subrequests;
    this.#subrequests = 0;
    return count;
  }

  /** Whether nothing is under way that could ever wake the guest again, as far as the host can see. */
  get silent(): boolean {
    if (this.#timers.size > 0 || this.#calls.running > 0 || this.#awaitedFromFront > 0) return false;
    return this.#sockets.isEmpty && this.#text === "";
  }

  /**
   * Fails invocations that can never answer: the guest is idle, nothing is under way for it, and still they wait.
   * The empty entry runs after all that was sent before it, microtasks included.
   */
  async failNeverSettled(): Promise<void> {
    if (this.#stopped || !this.silent) return;
    const waiting = [...this.#active.values()].filter((invocation) => !invocation.answered);
    const words = this.#words;
    await this.#entrance.passThrough();
    // Words of that last entry arrive as tasks of their own; let them in first.
    await new Promise<void>((resolve) => {
      this.#environment.startTimer(5, resolve);
    });
    if (this.#stopped || !this.silent || words !== this.#words) return;
    for (const invocation of waiting) {
      if (this.#active.get(invocation.id) !== invocation || invocation.answered) continue;
      this.#failOne(invocation, "FUNCTION_NEVER_SETTLED", "The hook's promise can never settle: nothing is under way");
    }
  }

  /** Ends the instance. Every unanswered invocation fails with `code`. */
  stop(code: ErrorCode, message: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    // Read once more while it can be read: the account outlives the isolate.
    void this.cpuMs;
    this.#timers.clearAll();
    this.#calls.dispose();
    const unanswered = [...this.#active.values()].filter((invocation) => !invocation.answered);
    if (this.#active.size > 0) this.#probe();
    this.#active.clear();
    disposeQuietly(this.#isolate);
    this.#owner.onStopped(
      this,
      unanswered.map(({ id }) => ({ id, code, message })),
    );
  }

  #stopForCpu(when: string): void {
    this.stop("FUNCTION_CPU_LIMIT", `Used more than ${this.#limits.cpuMs} ms of CPU time ${when}`.trimEnd());
  }

  #failOne(invocation: ActiveInvocation, code: ErrorCode, message: string): void {
    invocation.answered = true;
    this.#owner.forward(this, failedOutcome(invocation.id, code, message), []);
    this.#owner.onOutcome(this, invocation.id, true);
    this.#text += frame(toEngine.cancel, int(invocation.id));
    this.flush();
    this.#end(invocation.id);
  }

  #readGuestWords(batch: unknown, buffers: unknown[]): void {
    const ended: number[] = [];
    const front = readGuestWords({ batch, buffers }, (reader, own) => this.#readFrame(reader, own, ended));
    if (front.text !== "") this.#owner.forward(this, front.text, front.buffers);
    for (const id of ended) this.#end(id);
  }

  /** Returns whether the frame goes on to the front. Invocations that are over are `ended` once the front was told. */
  #readFrame(reader: FrameReader, buffers: readonly Uint8Array<ArrayBuffer>[], ended: number[]): boolean {
    switch (reader.kind) {
      case fromGuest.outcome: {
        const invocation = this.#active.get(reader.int());
        // Answered for it already (wall limit): the guest's own answer comes too late.
        if (invocation === undefined || invocation.answered) return false;
        invocation.answered = true;
        if (reader.int() === 1) ended.push(invocation.id);
        this.#owner.onOutcome(this, invocation.id, reader.int() === outcomeKind.failed);
        return true;
      }
      case fromGuest.ended: {
        const id = reader.int();
        if (!this.#active.has(id)) return false;
        ended.push(id);
        return true;
      }
      case fromGuest.heartbeat:
        this.#owner.onHeartbeat(this, { question: reader.int(), isWell: reader.int() === 1, reason: reader.text() });
        return false;
      case fromGuest.call:
        this.#calls.perform(reader, buffers);
        if (this.#active.size === 0) this.#owner.onWoken(this);
        return false;
      case fromGuest.startTimer:
        this.#timers.start(reader.int(), reader.int());
        return false;
      case fromGuest.clearTimer:
        this.#timers.clear(reader.int());
        return false;
      default:
        if (!forwardedToFront.has(reader.kind))
          throw new FrameError(`a guest may not send ${JSON.stringify(reader.kind)}`);
        this.#checkOwnership(reader);
        return true;
    }
  }

  /** A guest may only read bodies of its own invocations; other ids carry the instance number already. */
  #checkOwnership(reader: FrameReader): void {
    if (reader.kind === fromGuest.subrequest) {
      this.#awaitedFromFront += 1;
      this.#subrequests += 1;
      return;
    }
    if (reader.kind === fromGuest.socketTaken) this.#renew(this.#sockets.handled(reader.int()));
    if (reader.kind !== fromGuest.readBody && reader.kind !== fromGuest.cancelBody) return;
    const owner = reader.int();
    const id = reader.int();
    if (owner !== bodyOwner.subrequest && !this.#active.has(id)) throw new FrameError("the body is another's");
    if (reader.kind === fromGuest.readBody) this.#awaitedFromFront += 1;
  }

  #reply(raw: string, buffers: readonly Copy<ArrayBuffer>[]): void {
    this.#text += raw;
    for (const buffer of buffers) this.#buffers.push(buffer);
    this.flush();
    if (this.#active.size === 0 && !this.#stopped) this.#owner.onWoken(this);
  }

  #end(id: number): void {
    if (!this.#active.delete(id)) return;
    if (this.#active.size === 0) this.#beginAfterwards(this.#limits.cpuMs);
    this.#sockets.ended(id);
    this.#owner.onEnded(this, id);
    if (this.#active.size === 0 && this.isComputing && !this.#stopped) this.#owner.onWoken(this);
  }
}
