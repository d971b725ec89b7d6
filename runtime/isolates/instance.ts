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
import { abandonedInvocation } from "../bridge/abandoned-invocation.ts";
import { FrameError, type FrameReader, frame, int } from "../bridge/frame.ts";
import { bodyOwner, forwardedToFront, fromGuest, outcomeKind, toEngine, toGuest } from "../bridge/protocol.ts";
import { IdTable } from "../id-table.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { AfterAnswer } from "./after-answer.ts";
import { disposeQuietly, type GuestEntry } from "./boot.ts";
import { CpuAccount } from "./cpu-account.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { Entrance } from "./entrance.ts";
import type { EntryWatch } from "./entry-watch.ts";
import { FrontDebts } from "./front-debts.ts";
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
  readonly #active = new IdTable<ActiveInvocation>();
  readonly #timers: GuestTimers;
  readonly #sockets = new SocketLedger();
  readonly #afterAnswer: AfterAnswer;
  readonly #cpu: CpuAccount;
  readonly #meter: CpuMeter;
  readonly #entrance: Entrance;
  readonly #debts = new FrontDebts();
  #text = "";
  #buffers: Copy<ArrayBuffer>[] = [];
  #stopped = false;
  #words = 0;

  constructor(parts: InstanceParts) {
    this.number = parts.number;
    this.size = parts.size;
    this.#isolate = parts.isolate;
    this.#limits = parts.limits;
    this.#cpu = new CpuAccount(parts.limits.cpuMs);
    this.#afterAnswer = new AfterAnswer(parts.limits, () => parts.environment.nowMs());
    this.#environment = parts.environment;
    this.#owner = parts.owner;
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
    this.#stopped ? "" : this.measured(() => this.#calls.compute(request, buffers));

  /** And: does something else for the guest that waits; the time is its own. */
  readonly measured = <T>(work: () => T): T => this.#meter.computing(work);

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
    return this.#calls.isComputing;
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
      streamId: null,
    });
    this.#entrance.countInvocation();
    this.#text += raw;
  }

  /** Asks the guest whether it is well; the answer is the owner's. Idle, it has a limit of its own for that; busy, its invocations pay but for a little. */
  beat(question: number): void {
    this.#cpu.charge(-heartbeatLimits.forgivenCpuMs);
    if (this.#active.size === 0) {
      this.claimCpu();
      this.#cpu.beginAfterwards(Math.min(this.#limits.cpuMs, heartbeatLimits.cpuMsMax));
    }
    this.#reply(frame(toGuest.heartbeat, int(question)), []);
  }

  /** Passes a frame of the front on, with buffers made for it (guest-buffers.ts). */
  deliver(raw: string, kind: string, buffers: readonly Copy<ArrayBuffer>[]): void {
    const isAnswer = this.#debts.delivered(kind);
    if (aboutSockets.has(kind)) this.#renew(this.#sockets.delivered(raw, this.#onSocketClosed));
    else if (!isAnswer) this.#afterAnswer.delivered(raw, kind);
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
      if (nowMs > invocation.deadlineMs) this.#onDeadline(invocation, nowMs);
    }
    if (this.#active.size === 0 && this.#cpu.exceedsAfterwards()) this.#stopForCpu("while no invocation ran");
    this.#sockets.renewIfDue(this.#renewal);
    return this.#stopped;
  }

  readonly #renewal = {
    nowMs: (): number => this.#environment.nowMs(),
    passThrough: (): Promise<void> => this.#entrance.passThrough(),
    renew: (id: number): void => {
      this.#renew(id);
    },
  };
  readonly #onSocketClosed = (id: number): void => {
    const invocation = this.#active.get(id);
    if (invocation?.answered === true) this.#afterAnswer.restart(invocation);
  };

  #onDeadline(invocation: ActiveInvocation, nowMs: number): void {
    if (!invocation.answered) {
      this.#failOne(invocation, "FUNCTION_WALL_LIMIT", "No answer within the wall time limit");
    } else if (this.#afterAnswer.isOver(invocation, nowMs, (id) => this.#sockets.isHolding(id))) {
      this.#owner.forward(this, abandonedInvocation(invocation.id, this.#afterAnswer.allowedMs), []);
      this.#cancel(invocation.id);
    }
  }

  #renew(id: number | null): void {
    const invocation = id === null ? undefined : this.#active.get(id);
    if (invocation !== undefined) invocation.cpu = this.#cpu.begin(this.#active.size - 1 - this.#sockets.quiet);
  }

  /** Subrequests since the last call. */
  takeSubrequests(): number {
    return this.#debts.takeSubrequests();
  }

  /** Whether nothing is under way that could ever wake the guest again, as far as the host can see. */
  get silent(): boolean {
    if (this.#timers.size > 0 || this.#calls.running > 0 || this.#debts.areOpen) return false;
    return this.#sockets.isEmpty && this.#text === "";
  }

  /** Fails invocations that can never answer: the guest is idle, nothing is under way for it, and still they wait. */
  async failNeverSettled(): Promise<void> {
    if (this.#stopped || !this.silent) return;
    const waiting = [...this.#active.values()].filter((invocation) => !invocation.answered);
    const words = this.#words;
    await this.#entrance.settle(this.#environment);
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
    this.#cancel(invocation.id);
  }

  /** The guest hears that nobody waits for it any more, and the invocation is over, whatever it does. */
  #cancel(id: number): void {
    this.#text += frame(toEngine.cancel, int(id));
    this.flush();
    this.#end(id);
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
        const isEnded = reader.int() === 1;
        const kind = reader.int();
        if (isEnded) ended.push(invocation.id);
        else this.#afterAnswer.answered(invocation, kind, reader);
        this.#owner.onOutcome(this, invocation.id, kind === outcomeKind.failed);
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
    this.#debts.asked(reader.kind);
    this.#afterAnswer.said(reader);
    if (reader.kind === fromGuest.socketTaken) this.#renew(this.#sockets.handled(reader.int()));
    if (reader.kind !== fromGuest.readBody && reader.kind !== fromGuest.cancelBody) return;
    const owner = reader.int();
    const id = reader.int();
    if (owner !== bodyOwner.subrequest && !this.#active.has(id)) throw new FrameError("the body is another's");
  }

  #reply(raw: string, buffers: readonly Copy<ArrayBuffer>[]): void {
    this.#text += raw;
    for (const buffer of buffers) this.#buffers.push(buffer);
    this.flush();
    if (this.#active.size === 0 && !this.#stopped) this.#owner.onWoken(this);
  }

  #end(id: number): void {
    const invocation = this.#active.get(id);
    if (invocation === undefined) return;
    this.#active.delete(id);
    this.#afterAnswer.ended(invocation);
    if (this.#active.size === 0) this.#cpu.beginAfterwards(this.#limits.cpuMs);
    this.#sockets.ended(id);
    this.#owner.onEnded(this, id);
    if (this.#active.size === 0 && this.isComputing && !this.#stopped) this.#owner.onWoken(this);
  }
}
