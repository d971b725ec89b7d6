/**
 * What is under way, by a number that its owner counts up: a map for entries that come and go with every request.
 *
 * A `Map` that lives long and whose entries do not is replaced by V8 now and then, and each of its former tables refers to the one after it. Once one of
 * them is old, all that follow are kept until the old generation is collected, with what was in them: requests that ended long ago are copied by
 * every collection of young objects. Here a place is used again and refers to nothing once its entry is gone. Keys of entries at a time are expected to
 * be near each other; one whose place is taken goes to a map beside it.
 */
const NONE = -1;
const PLACES_MIN = 16;
/** A table grows when a place is taken and at least one place of so many is. */
const SPARSE = 4;

export class IdTable<T extends object> {
  #ids = noIds(PLACES_MIN);
  #values: (T | undefined)[] = Array.from({ length: PLACES_MIN });
  /** Entries beside the places. */
  #others: Map<number, T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    const place = id & (this.#ids.length - 1);
    return this.#ids[place] === id ? this.#values[place] : this.#others?.get(id);
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** `id`: 0 to 2^30 - 1. */
  set(id: number, value: T): void {
    for (;;) {
      const place = id & (this.#ids.length - 1);
      const there = this.#ids[place];
      if (there === id || (there === NONE && this.#others?.has(id) !== true)) {
        if (there === NONE) this.#size += 1;
        this.#ids[place] = id;
        this.#values[place] = value;
        return;
      }
      if (this.#size * SPARSE < this.#ids.length) break;
      this.#grow();
    }
    const others = (this.#others ??= new Map());
    if (!others.has(id)) this.#size += 1;
    others.set(id, value);
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    const place = id & (this.#ids.length - 1);
    if (this.#ids[place] === id) {
      this.#ids[place] = NONE;
      this.#values[place] = undefined;
    } else if (this.#others?.delete(id) !== true) return false;
    else if (this.#others.size === 0) this.#others = null;
    this.#size -= 1;
    return true;
  }

  clear(): void {
    this.#ids.fill(NONE);
    this.#values.fill(undefined);
    this.#others = null;
    this.#size = 0;
  }

  /** In no particular order. What is deleted meanwhile is not visited any more, what is added may be. */
  *[Symbol.iterator](): Generator<[number, T], void> {
    if (this.#size === 0) return;
    const [ids, values] = [this.#ids, this.#values];
    for (let place = 0; place < ids.length; place++) {
      const [id, value] = [ids[place], values[place]];
      // A table that grew meanwhile has other places.
      if (id !== undefined && value !== undefined && this.get(id) === value) yield [id, value];
    }
    if (this.#others !== null) yield* this.#others;
  }

  /** As of the entries. */
  *values(): Generator<T, void> {
    for (const [, value] of this) yield value;
  }

  #grow(): void {
    const entries = [...this];
    const places = this.#ids.length * 2;
    this.#ids = noIds(places);
    this.#values = Array.from({ length: places });
    this.#others = null;
    this.#size = 0;
    for (const [id, value] of entries) this.set(id, value);
  }
}

function noIds(places: number): Int32Array {
  return new Int32Array(places).fill(NONE);
}
