/**
 * Whether one source is worth asking, as one front sees it: by what happened to requests (passive), and by health checks (active).
 *
 * Knows neither requests nor timers: it is told outcomes and asked about moments. Invariants: a source that is put aside gets one request on
 * trial at a time once its time is over, and a longer time when that fails, too; health checks and requests judge apart from each other, and
 * a source is well when both say so.
 */
import { originLimits } from "../../sdk/cdn-limits.ts";
import { BackOff } from "../supervisor/back-off.ts";

/** well: asked in its turn. aside: left out for a time. trial: that time is over, the next request finds out. ill: health checks fail. */
export type HealthState = "well" | "aside" | "trial" | "ill";

export class SourceHealth {
  readonly #backOff: BackOff;
  #failures = 0;
  /** Monotonic milliseconds; null: not put aside. */
  #asideUntilMs: number | null = null;
  #onTrial = false;
  #isIll = false;
  #checkStreak = 0;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#backOff = new BackOff({ minMs: originLimits.asideMsMin, maxMs: originLimits.asideMsMax, random });
  }

  state(nowMs: number): HealthState {
    if (this.#isIll) return "ill";
    if (this.#asideUntilMs === null) return "well";
    return nowMs < this.#asideUntilMs || this.#onTrial ? "aside" : "trial";
  }

  /** Whether a request may be sent now. A `trial` must end in `succeeded`, `failed` or `abandoned`. */
  admit(nowMs: number, { onTrial }: { readonly onTrial: "yes" | "no" }): "well" | "trial" | null {
    const state = this.state(nowMs);
    if (state === "well") return "well";
    if (state !== "trial" || onTrial === "no") return null;
    this.#onTrial = true;
    return "trial";
  }

  /** An answer came. */
  succeeded(): void {
    this.#failures = 0;
    this.#asideUntilMs = null;
    this.#onTrial = false;
    this.#backOff.reset();
  }

  /** There was no connection, or no answer in time. */
  failed(nowMs: number): void {
    this.#onTrial = false;
    if (this.#asideUntilMs === null) {
      this.#failures++;
      if (this.#failures < originLimits.failuresUntilAside) return;
    } else if (nowMs < this.#asideUntilMs) {
      // Requests that were under way already say nothing new.
      return;
    }
    this.#asideUntilMs = nowMs + this.#backOff.nextMs();
  }

  /** A request on trial ended without an outcome. */
  abandoned(): void {
    this.#onTrial = false;
  }

  /** A health check's outcome. */
  checked(isWell: boolean, after: { readonly healthyAfter: number; readonly unhealthyAfter: number }): void {
    if (isWell !== this.#isIll) {
      this.#checkStreak = 0;
      return;
    }
    this.#checkStreak++;
    if (this.#checkStreak < (isWell ? after.healthyAfter : after.unhealthyAfter)) return;
    this.#isIll = !isWell;
    this.#checkStreak = 0;
  }

  /** Nobody checks it any more. */
  unchecked(): void {
    this.#isIll = false;
    this.#checkStreak = 0;
  }
}
