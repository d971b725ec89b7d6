/**
 * Headers (https://fetch.spec.whatwg.org/#headers-class), a face over a HeaderList.
 *
 * Made when user code first asks for it; until then a message holds only the list. The guard is `immutable` or none: the name
 * lists that browsers forbid to scripts do not apply on a server.
 */
import { finishInterface } from "../core/interface.ts";
import { pairIterators } from "../core/pair-iterator.ts";
import { isObject, requireArguments, sequenceOf, toByteString, toDomString } from "../core/webidl.ts";
import { HeaderList, isHeaderList, isPlainValue, normalizeHeaderValue } from "./header-list.ts";
import { headerName, type HeaderName, knownHeaderName } from "./header-name.ts";

export type HeadersInit = Headers | Iterable<Iterable<string>> | Readonly<Record<string, string>>;

export type HeadersGuard = "none" | "immutable";

let listIn: (headers: Headers) => HeaderList;
let hasBrand: (value: object) => boolean;
let wrap: (list: HeaderList, guard: HeadersGuard) => Headers;

export class Headers {
  #list: HeaderList;
  #guard: HeadersGuard = "none";

  constructor(init?: HeadersInit) {
    // `wrap` hands its list through here; user code never holds one.
    if (isObject(init) && isHeaderList(init)) {
      this.#list = init;
      return;
    }
    this.#list = new HeaderList("");
    if (init !== undefined) fillHeaderList(this.#list, init);
  }

  append(...parameters: [name: string, value: string]): void {
    requireArguments(parameters.length, 2, "Headers.append");
    const name = headerName(toDomString(parameters[0]));
    const value = normalizeHeaderValue(name.name, toDomString(parameters[1]));
    this.#changeable(name).append(name, value);
  }

  set(...parameters: [name: string, value: string]): void {
    requireArguments(parameters.length, 2, "Headers.set");
    const name = headerName(toDomString(parameters[0]));
    const value = normalizeHeaderValue(name.name, toDomString(parameters[1]));
    this.#changeable(name).set(name, value);
  }

  delete(...parameters: [name: string]): void {
    requireArguments(parameters.length, 1, "Headers.delete");
    const name = headerName(toDomString(parameters[0]));
    this.#changeable(name).delete(name);
  }

  get(...parameters: [name: string]): string | null {
    requireArguments(parameters.length, 1, "Headers.get");
    return this.#list.get(headerName(toDomString(parameters[0])));
  }

  has(...parameters: [name: string]): boolean {
    requireArguments(parameters.length, 1, "Headers.has");
    return this.#list.has(headerName(toDomString(parameters[0])));
  }

  /** Each set-cookie value by itself. */
  getSetCookie(): string[] {
    return this.#list.getAll(headerName("set-cookie"));
  }

  forEach(...parameters: [callback: (value: string, name: string, headers: Headers) => void, self?: unknown]): void {
    requireArguments(parameters.length, 1, "Headers.forEach");
    const [callback, self] = parameters;
    if (typeof callback !== "function")
      throw new TypeError("Cannot call Headers.forEach: the callback is not a function");
    const list = this.#list;
    for (let index = 0, pair = list.sortedAt(0); pair !== undefined; pair = list.sortedAt(++index)) {
      Reflect.apply(callback, self, [pair[1], pair[0], this]);
    }
  }

  entries(): IteratorObject<[string, string], undefined> {
    const list = this.#list;
    return makeIterator((index) => list.sortedAt(index), "key+value");
  }

  keys(): IteratorObject<string, undefined> {
    const list = this.#list;
    return makeIterator((index) => list.sortedAt(index), "key");
  }

  values(): IteratorObject<string, undefined> {
    const list = this.#list;
    return makeIterator((index) => list.sortedAt(index), "value");
  }

  declare readonly [Symbol.iterator]: () => IteratorObject<[string, string], undefined>;

  #changeable(name: HeaderName): HeaderList {
    if (this.#guard === "immutable")
      throw new TypeError(`Cannot change the header ${name.name}: these headers are immutable`);
    return this.#list;
  }

  static {
    listIn = (headers) => headers.#list;
    hasBrand = (value) => #list in value;
    wrap = (list, guard) => {
      const headers = new Headers(list as unknown as HeadersInit);
      headers.#guard = guard;
      return headers;
    };
  }
}

const makeIterator = pairIterators<string>("Headers Iterator");

Object.defineProperty(Headers.prototype, Symbol.iterator, {
  value: Headers.prototype.entries,
  writable: true,
  configurable: true,
});
const originalIterator = Headers.prototype.entries;
finishInterface(Headers, "Headers", { shown: [] });

export function isHeaders(value: unknown): value is Headers {
  return isObject(value) && hasBrand(value);
}

/** The list that `headers` changes; live. */
export function headerListOf(headers: Headers): HeaderList {
  return listIn(headers);
}

/** Headers over an existing list. */
export function headersOver(list: HeaderList, guard: HeadersGuard = "none"): Headers {
  return wrap(list, guard);
}

/** Appends every header of `init` (https://fetch.spec.whatwg.org/#concept-headers-fill). */
export function fillHeaderList(list: HeaderList, init: unknown): void {
  if (!isObject(init)) throw new TypeError(`Cannot create headers: received ${init === null ? "null" : typeof init}`);
  if (hasBrand(init) && (init as Headers)[Symbol.iterator] === originalIterator) {
    list.fill(listIn(init as Headers).text);
    return;
  }
  const items = sequenceOf(init);
  if (items === null) fillFromRecord(list, init as Readonly<Record<string, unknown>>);
  else fillFromSequence(list, items);
}

function fillFromSequence(list: HeaderList, items: readonly unknown[]): void {
  for (const item of items) {
    const pair = isObject(item) ? sequenceOf(item, toByteString) : null;
    if (pair === null || pair.length !== 2) {
      throw new TypeError("Cannot create headers: received a sequence whose items are not pairs of name and value");
    }
    list.fill(lineOf(pair[0] as string, pair[1] as string));
  }
}

const { ownKeys } = Reflect;
const isEnumerable = Function.prototype.call.bind(Object.prototype.propertyIsEnumerable) as (
  target: object,
  key: PropertyKey,
) => boolean;

/** A proxy sees what Web IDL asks of it, in its order (https://webidl.spec.whatwg.org/#js-record). */
function fillFromRecord(list: HeaderList, record: Readonly<Record<string, unknown>>): void {
  const keys = ownKeys(record);
  let lines = "";
  let failure: unknown = null;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string | symbol;
    if (!isEnumerable(record, key)) continue;
    if (typeof key === "symbol") throw new TypeError("Cannot create headers: a symbol is no header name");
    // The short way of nearly all headers: nothing to convert, nothing to refuse.
    const known = knownHeaderName(key);
    const name = known === undefined ? toByteString(key) : key;
    const given = record[name];
    if (known !== undefined && typeof given === "string" && isPlainValue(given)) {
      lines += `${known.start}${given}\n`;
      continue;
    }
    const value = toByteString(given);
    if (failure !== null) continue;
    try {
      lines += lineOf(name, value);
    } catch (error) {
      // The grammar is looked at when all is converted.
      failure = error;
    }
  }
  if (failure !== null) throw failure;
  list.fill(lines);
}

function lineOf(text: string, value: string): string {
  const name = headerName(text);
  return `${name.start}${normalizeHeaderValue(name.name, value)}\n`;
}
