/**
 * The default iterators of the interfaces that iterate over pairs (Headers, URLSearchParams, FormData).
 *
 * An iterator is live: it asks for the pair at its index on each step, so that changes during iteration show
 * (https://webidl.spec.whatwg.org/#js-default-iterator-object).
 */

export type IteratorKind = "key" | "value" | "key+value";

/** The pair at `index`, or undefined beyond the end. */
export type PairSource<V> = (index: number) => readonly [string, V] | undefined;

export type MakeIterator<V> = <K>(pairAt: PairSource<V>, kind: IteratorKind) => IteratorObject<K, undefined>;

/** Makes the iterator objects of one interface; `tag` is their `Symbol.toStringTag`, for example `Headers Iterator`. */
export function pairIterators<V>(tag: string): MakeIterator<V> {
  class PairIterator {
    readonly #pairAt: PairSource<V>;
    readonly #kind: IteratorKind;
    #index = 0;

    constructor(pairAt: PairSource<V>, kind: IteratorKind) {
      this.#pairAt = pairAt;
      this.#kind = kind;
    }

    next(): IteratorResult<unknown, undefined> {
      const pair = this.#pairAt(this.#index);
      if (pair === undefined) return { value: undefined, done: true };
      this.#index += 1;
      return { value: this.#pick(pair), done: false };
    }

    #pick(pair: readonly [string, V]): unknown {
      switch (this.#kind) {
        case "key":
          return pair[0];
        case "value":
          return pair[1];
        case "key+value":
          return [pair[0], pair[1]];
      }
    }
  }
  const prototype = PairIterator.prototype as unknown as object;
  Object.setPrototypeOf(prototype, iteratorPrototype);
  delete (prototype as { constructor?: unknown }).constructor;
  Object.defineProperty(prototype, "next", { enumerable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: tag, configurable: true });
  return <K>(pairAt: PairSource<V>, kind: IteratorKind) =>
    new PairIterator(pairAt, kind) as unknown as IteratorObject<K, undefined>;
}

const iteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;
