/** When what a front wrote to the disk last had been asked for: a bounded number of keys, those written longest ago forgotten first. */
import { diskTierLimits } from "../../sdk/cdn-limits.ts";

export class LatestAnswers {
  /** The oldest first. */
  readonly #requestedAt = new Map<string, number>();

  /** Whether something that was asked for later was written there lately. */
  hasNewer(variantKey: string, { requestedAt, now }: { readonly requestedAt: number; readonly now: number }): boolean {
    const latest = this.#requestedAt.get(variantKey) ?? 0;
    // An instant to come is that of a clock which was set back since.
    return latest > requestedAt && latest <= now;
  }

  note(variantKey: string, requestedAt: number): void {
    this.#requestedAt.delete(variantKey);
    this.#requestedAt.set(variantKey, requestedAt);
    if (this.#requestedAt.size <= diskTierLimits.latestMax) return;
    const [oldest] = this.#requestedAt.keys();
    if (oldest !== undefined) this.#requestedAt.delete(oldest);
  }
}
