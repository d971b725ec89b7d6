/**
 * The fields of stored answers as clients get them now: with the age of this second, made once for all requests of that second.
 *
 * Invariant: a stored answer never changes, so that what is remembered beside it stays true as long as its age does.
 */
import { WrittenFields } from "./written-fields.ts";
import { ageSeconds, type StoredAnswer } from "../cache/stored-answer.ts";

interface ShownHead {
  readonly age: number;
  readonly fields: WrittenFields;
}

export class ShownHeads {
  readonly #heads = new WeakMap<StoredAnswer, ShownHead>();

  /** `now`: milliseconds since the epoch. */
  of(answer: StoredAnswer, now: number): WrittenFields {
    const age = ageSeconds(answer, now);
    const known = this.#heads.get(answer);
    if (known?.age === age) return known.fields;
    const fields = new WrittenFields(`${answer.headers}age:${age}\n`);
    this.#heads.set(answer, { age, fields });
    return fields;
  }
}
