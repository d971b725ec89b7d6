/**
 * Who waits in which lane (a function, a destination), in memory: how many, and when the next is due.
 *
 * Lanes that have something due take turns, so that one with a long queue does not keep the others waiting. Knows no rows; its owner tells every
 * change.
 */
export class WaitingLanes {
  /** In the order of their turn. */
  readonly #lanes = new Map<string, Lane>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(name: string, dueMs: number, count = 1): void {
    const lane = this.#lanes.get(name);
    this.#count += count;
    if (lane === undefined) {
      this.#lanes.set(name, { count, dueMs });
      return;
    }
    lane.count += count;
    lane.dueMs = Math.min(lane.dueMs, dueMs);
  }

  /** Some left; `dueMs` of the next in the lane, null when none is left. Its turn is over. */
  take(name: string, { count, dueMs }: { readonly count: number; readonly dueMs: number | null }): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    this.#lanes.delete(name);
    this.#count -= count;
    if (dueMs !== null) this.#lanes.set(name, { count: lane.count - count, dueMs });
  }

  /** Lanes with something due, in turn. */
  due(nowMs: number): readonly string[] {
    const names: string[] = [];
    for (const [name, { dueMs }] of this.#lanes) if (dueMs <= nowMs) names.push(name);
    return names;
  }

  /** When the next is due, or null. */
  nextDueMs(): number | null {
    let next: number | null = null;
    for (const { dueMs } of this.#lanes.values()) next = next === null ? dueMs : Math.min(next, dueMs);
    return next;
  }

  clear(): void {
    this.#lanes.clear();
    this.#count = 0;
  }
}

interface Lane {
  count: number;
  dueMs: number;
}
