/**
 * How much memory the WebAssembly memories of one instance may have together: each gets a maximum when it is made, and what all of them may
 * grow to never adds up to more than the budget, because `memory.grow` inside a module asks nobody.
 *
 * A memory whose own maximum fits into what is left gets that. One without a maximum, or with a larger one, gets a share of what is left, so
 * that there is room for others: the first that lives half, each further one a quarter, but some pages to grow by as long as there are any.
 */
import { floor, max, min, OriginalRangeError, webAssemblyLimits } from "../../web/wasm/originals.ts";
import type { DeclaredMemory } from "./limit-module.ts";
import { Budget } from "./budget.ts";

/** 1 MiB. */
const growthPagesMin = 16;
/** With less than this part of the budget left for a memory without a maximum, memories that nobody holds are looked for. */
const comfortablePart = 1 / 16;
/** Looking takes milliseconds: not again for comfort alone before there are twice as many memories as were found alive. */
const livingMin = 4;

export class MemoryBudget {
  readonly #pagesMax: number;
  readonly #budget: Budget;
  #lookAgainAt: number = livingMin;

  /** `pagesMax`: pages of 64 KiB. */
  constructor(pagesMax: number) {
    this.#pagesMax = pagesMax;
    this.#budget = new Budget({ unitsMax: pagesMax, claimsMax: webAssemblyLimits.memoriesMax });
  }

  /**
   * The memory that `create` makes with the maximum that the budget allows.
   * @throws a RangeError when there is no room for it, and what `create` throws.
   */
  make({ initialPages, maximumPages }: DeclaredMemory, create: (maximumPages: number) => object): object {
    const budget = this.#budget;
    const fits = (): boolean => maximumPages !== null && maximumPages <= budget.left;
    const isTight = !fits() && budget.left < this.#pagesMax * comfortablePart && budget.count >= this.#lookAgainAt;
    if (isTight || !budget.hasRoom(initialPages)) {
      budget.collect();
      this.#lookAgainAt = max(livingMin, 2 * budget.count);
    }
    if (!budget.hasRoom(initialPages)) {
      throw new OriginalRangeError(
        `WebAssembly.Memory(): could not allocate memory: received ${initialPages} pages of 64 KiB, allowed ${budget.left} beside the memories there are (${this.#pagesMax} and ${webAssemblyLimits.memoriesMax} memories in all)`,
      );
    }
    const pages = maximumPages !== null && fits() ? maximumPages : this.#share(initialPages);
    return budget.claim(pages, () => create(pages));
  }

  #share(initialPages: number): number {
    const { count, left } = this.#budget;
    const share = floor(left / (count === 0 ? 2 : 4));
    return min(left, max(share, initialPages + growthPagesMin));
  }
}
