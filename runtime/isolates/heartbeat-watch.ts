/**
 * Asks instances whose module has a `heartbeat` whether they are well, again and again, and counts what they miss in a row.
 *
 * It stops nothing: its owner hears of each miss, and of the one that is too many. A question is no use of an instance: it neither keeps an idle one nor
 * makes it busy. Invariant: at most one timer for each instance, none for one that is forgotten.
 */
import { heartbeatLimits } from "../../sdk/instance-limits.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";

/** What is asked. */
export interface AskedInstance {
  readonly stopped: boolean;
  /** Asks; the answer comes to `answered` with the same number. */
  beat(question: number): void;
}

export interface HeartbeatWatchOptions<I> {
  readonly environment: Pick<RuntimeEnvironment, "startTimer">;
  /** Called before each question; what it stops is not asked. */
  readonly onBeat: () => void;
  readonly onMiss: (instance: I) => void;
  /** Too many in a row; it is not asked again. `reason`: of the last. */
  readonly onRetire: (instance: I, reason: string) => void;
}

interface Asked {
  cancelTimer: () => void;
  question: number;
  /** Of the last question; null: it is well. */
  missed: string | null;
  misses: number;
}

const noAnswer = `it gave no answer within ${heartbeatLimits.timeoutMs} ms`;
const numbersMax = 0x0fff_ffff;

export class HeartbeatWatch<I extends AskedInstance> {
  readonly #options: HeartbeatWatchOptions<I>;
  readonly #asked = new Map<I, Asked>();

  constructor(options: HeartbeatWatchOptions<I>) {
    this.#options = options;
  }

  watch(instance: I): void {
    const asked: Asked = { cancelTimer: () => undefined, question: 0, missed: null, misses: 0 };
    this.#asked.set(instance, asked);
    this.#askLater(instance, asked, heartbeatLimits.everyMs);
  }

  forget(instance: I): void {
    this.#asked.get(instance)?.cancelTimer();
    this.#asked.delete(instance);
  }

  /** What the instance said. An answer to an older question comes too late. */
  answered(instance: I, { question, isWell, reason }: HeartbeatAnswer): void {
    const asked = this.#asked.get(instance);
    if (asked?.question !== question) return;
    asked.missed = isWell ? null : reason.slice(0, heartbeatLimits.reasonCharsMax);
  }

  #askLater(instance: I, asked: Asked, delayMs: number): void {
    asked.cancelTimer = this.#options.environment.startTimer(delayMs, () => {
      this.#ask(instance, asked);
    });
  }

  #ask(instance: I, asked: Asked): void {
    this.#options.onBeat();
    if (instance.stopped || this.#asked.get(instance) !== asked) return;
    asked.question = (asked.question + 1) & numbersMax;
    asked.missed = noAnswer;
    asked.cancelTimer = this.#options.environment.startTimer(heartbeatLimits.timeoutMs, () => {
      this.#judge(instance, asked);
    });
    instance.beat(asked.question);
  }

  #judge(instance: I, asked: Asked): void {
    const { missed } = asked;
    // An answer that still comes is too late.
    asked.question = (asked.question + 1) & numbersMax;
    asked.misses = missed === null ? 0 : asked.misses + 1;
    if (missed !== null) this.#options.onMiss(instance);
    if (missed !== null && asked.misses >= heartbeatLimits.missesMax) {
      this.forget(instance);
      this.#options.onRetire(instance, missed);
      return;
    }
    this.#askLater(instance, asked, heartbeatLimits.everyMs - heartbeatLimits.timeoutMs);
  }
}

export interface HeartbeatAnswer {
  readonly question: number;
  readonly isWell: boolean;
  readonly reason: string;
}
