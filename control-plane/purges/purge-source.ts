/**
 * What a node missed, from the store: read once per position and purge, however many nodes ask.
 *
 * Invariant: when the store no longer knows everything that came after a position, or never gave that position out, the answer says so,
 * and the node purges everything.
 */
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import type { PurgePosition, PurgesMessage } from "../../sdk/purge.ts";
import { formatPurgePosition, noPurges } from "../../sdk/purge-position.ts";
import type { Store, StoreView } from "../store.ts";
import type { PurgeRow } from "./purge-row.ts";

/** Positions whose answers are kept until the next purge. */
const answersMax = 64;

export class PurgeSource {
  readonly #store: Store;
  #newestSequence = 0;
  readonly #answers = new Map<string, Promise<PurgesMessage>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The largest sequence that was announced. */
  get newestSequence(): number {
    return this.#newestSequence;
  }

  /** There is a newer purge, `sequence` or later. */
  invalidate(sequence: number): void {
    this.#newestSequence = Math.max(this.#newestSequence, sequence);
    this.#answers.clear();
  }

  missedSince(position: PurgePosition): Promise<PurgesMessage> {
    const key = formatPurgePosition(position);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    if (this.#answers.size >= answersMax) this.#answers.clear();
    const answer = this.#store.read((view) => readMissed(view, position));
    this.#answers.set(key, answer);
    answer.catch(() => {
      // The callers see the failure; the next one tries again.
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
    });
    return answer;
  }
}

async function readMissed({ purges }: StoreView, position: PurgePosition): Promise<PurgesMessage> {
  const { sequence: since } = position;
  const rows = await purges.after(since);
  const isKnown = since === 0 ? position.id === "" : (await purges.at(since))?.id === position.id;
  const isWhole = rows.length === 0 || rows[0]?.sequence === since + 1;
  const latest = await purges.latest();
  const newest = latest === null ? noPurges : { sequence: latest.sequence, id: latest.id };
  if (!isKnown || !isWhole || charsOf(rows) > purgeLimits.catchUpCharsMax) {
    return { kind: "purges", since, position: newest, everything: true, purges: [] };
  }
  const tasks = rows.map(({ sequence, mode, targets }) => ({ sequence, mode, targets }));
  return { kind: "purges", since, position: newest, everything: false, purges: tasks };
}

function charsOf(rows: readonly PurgeRow[]): number {
  return rows.reduce((sum, { targets }) => sum + JSON.stringify(targets).length, 0);
}
