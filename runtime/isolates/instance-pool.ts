/**
 * All instances of one function version: who serves the next invocation, when another instance starts, who waits, who is refused.
 *
 * Fills an instance up to its concurrency before it starts the next one, so that few isolates stay warm. It does not know frames or isolates:
 * instances come from an injected `start`. Reserved are those that started first, and they serve first. Invariant: an admitted invocation is running, waiting, or was reported failed.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";

/** What the pool needs of an instance. */
export interface PooledInstance {
  readonly active: number;
  readonly stopped: boolean;
}

/** An invocation as the pool sees it. */
export interface Admission<I extends PooledInstance> {
  readonly id: number;
  /** Called once when an instance has room. */
  readonly run: (instance: I) => void;
  /** Called instead when none will have. */
  readonly refuse: (code: ErrorCode, message: string, stack: string) => void;
}

export interface StartFailure {
  readonly message: string;
  readonly stack: string;
}

export class InstancePool<I extends PooledInstance> {
  readonly #limits: Pick<FunctionLimits, "concurrency" | "instancesMax" | "queueMax">;
  readonly #start: () => Promise<I>;
  readonly #instances: I[] = [];
  readonly #waiting = new Map<number, Admission<I>>();
  readonly #warming: {
    readonly count: number;
    readonly isReserving: boolean;
    readonly done: (failure: StartFailure | null) => void;
  }[] = [];
  #starting = 0;
  #reserved = 0;
  #closed = false;
  #coldStarts = 0;
  #rejected = 0;

  constructor(limits: Pick<FunctionLimits, "concurrency" | "instancesMax" | "queueMax">, start: () => Promise<I>) {
    this.#limits = limits;
    this.#start = start;
  }

  get size(): number {
    return this.#instances.length;
  }
  get queued(): number {
    return this.#waiting.size;
  }
  get coldStarts(): number {
    return this.#coldStarts;
  }
  get rejected(): number {
    return this.#rejected;
  }
  get instances(): readonly I[] {
    return this.#instances;
  }

  /** Of the instances those that are kept. */
  get reserved(): number {
    return Math.min(this.#reserved, this.#instances.length);
  }

  /** Whether it is kept however long it has nothing to do; one that has just started may not be among the instances yet. */
  isReserved(instance: I): boolean {
    if (this.#reserved === 0) return false;
    const index = this.#instances.indexOf(instance);
    return (index < 0 ? this.#instances.length : index) < this.#reserved;
  }

  /** Runs, queues or refuses. */
  admit(admission: Admission<I>): void {
    const instance = this.#withRoom();
    if (instance !== undefined) {
      admission.run(instance);
      return;
    }
    if (this.#waiting.size >= this.#limits.queueMax && !this.#canStart()) {
      this.#rejected += 1;
      admission.refuse("FUNCTION_OVERLOADED", `${this.#waiting.size} invocations are waiting already`, "");
      return;
    }
    this.#waiting.set(admission.id, admission);
    this.#startIfNeeded();
  }

  /** Takes a waiting invocation out; false when it is not waiting. */
  withdraw(id: number): boolean {
    return this.#waiting.delete(id);
  }

  /** An instance has room again. */
  onRoom(): void {
    for (const [id, admission] of this.#waiting) {
      const instance = this.#withRoom();
      if (instance === undefined) break;
      this.#waiting.delete(id);
      admission.run(instance);
    }
    this.#startIfNeeded();
  }

  /** An instance is gone. */
  remove(instance: I): void {
    const index = this.#instances.indexOf(instance);
    if (index >= 0) this.#instances.splice(index, 1);
    this.#startIfNeeded();
  }

  /** Starts instances until `count` are ready; resolves with the failure that stopped it, or null. */
  warm(count: number): Promise<StartFailure | null> {
    const wanted = Math.min(count, this.#limits.instancesMax);
    if (this.#instances.length >= wanted) return Promise.resolve(null);
    return new Promise((done) => {
      this.#warming.push({ count: wanted, isReserving: false, done });
      while (this.#instances.length + this.#starting < wanted) this.#startOne();
    });
  }

  /**
   * Keeps `count` instances from now on, and starts those that are missing, few at a time: requests need the thread meanwhile. What is lost later is started
   * again when it is called again. Resolves with the failure that stopped it, or null.
   */
  reserve(count: number): Promise<StartFailure | null> {
    this.#reserved = this.#closed ? 0 : Math.min(count, this.#limits.instancesMax);
    // Whoever asked for another number before waits for something that may never come.
    const asked = this.#warming.findIndex(({ isReserving }) => isReserving);
    if (asked >= 0) this.#warming.splice(asked, 1)[0]?.done(null);
    if (this.#instances.length >= this.#reserved) return Promise.resolve(null);
    return new Promise((done) => {
      this.#warming.push({ count: this.#reserved, isReserving: true, done });
      this.#startReserved();
    });
  }

  /** Refuses all who wait; instances are the owner's to stop. */
  close(code: ErrorCode): void {
    this.#closed = true;
    this.#reserved = 0;
    this.#refuseAll(code, "The function version was unloaded", "");
    for (const warming of this.#warming.splice(0)) warming.done(null);
  }

  #withRoom(): I | undefined {
    for (const instance of this.#instances) {
      if (instance.active < this.#limits.concurrency && !instance.stopped) return instance;
    }
    return undefined;
  }

  #canStart(): boolean {
    return !this.#closed && this.#instances.length + this.#starting < this.#limits.instancesMax;
  }

  /** One start for each instance's worth of waiting invocations. */
  #startIfNeeded(): void {
    while (this.#canStart() && this.#waiting.size > this.#starting * this.#limits.concurrency) this.#startOne();
  }

  #startReserved(): void {
    while (this.#canStart() && this.#starting < reservedLimits.startingMax) {
      if (this.#instances.length + this.#starting >= this.#reserved) return;
      this.#startOne();
    }
  }

  #startOne(): void {
    this.#starting += 1;
    this.#coldStarts += 1;
    this.#start().then(
      (instance) => {
        this.#starting -= 1;
        this.#instances.push(instance);
        this.onRoom();
        this.#startReserved();
        this.#reportWarm(null);
      },
      (error: unknown) => {
        this.#starting -= 1;
        const failure = startFailure(error);
        if (this.#starting === 0 && this.#instances.length === 0) {
          this.#refuseAll("FUNCTION_LOAD_FAILED", failure.message, failure.stack);
        }
        this.#reportWarm(failure);
      },
    );
  }

  #reportWarm(failure: StartFailure | null): void {
    for (let index = this.#warming.length - 1; index >= 0; index -= 1) {
      const warming = this.#warming[index];
      if (warming === undefined || (failure === null && this.#instances.length < warming.count)) continue;
      this.#warming.splice(index, 1);
      warming.done(failure);
    }
  }

  #refuseAll(code: ErrorCode, message: string, stack: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const admission of waiting) admission.refuse(code, message, stack);
  }
}

function startFailure(error: unknown): StartFailure {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? "" };
  return { message: String(error), stack: "" };
}
