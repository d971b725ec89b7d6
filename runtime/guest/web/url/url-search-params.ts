/** URLSearchParams (https://url.spec.whatwg.org/#interface-urlsearchparams), alone or as the query of a URL. */
import { finishInterface } from "../core/interface.ts";
import { pairIterators } from "../core/pair-iterator.ts";
import { isObject, requireArguments, sequenceOf, toUsvString } from "../core/webidl.ts";
import { parseUrlEncoded, serializeUrlEncoded, type Pair } from "./urlencoded.ts";

export type URLSearchParamsInit = Iterable<Iterable<string>> | Readonly<Record<string, string>> | string;

/** Tells the URL that owns the parameters about a change. */
export type QueryListener = (query: string) => void;

let hasBrand: (value: object) => boolean;
let connect: (params: URLSearchParams, query: string, onChange: QueryListener) => void;
let reload: (params: URLSearchParams, query: string) => void;

export class URLSearchParams {
  #list: Pair[] = [];
  #onChange: QueryListener | null = null;

  constructor(init: URLSearchParamsInit = "") {
    if (!isObject(init)) {
      const text = toUsvString(init);
      this.#list = parseUrlEncoded(text.startsWith("?") ? text.slice(1) : text);
      return;
    }
    const items = sequenceOf(init);
    this.#list = items === null ? pairsOfRecord(init as Readonly<Record<string, unknown>>) : items.map(pairOfItem);
  }

  get size(): number {
    return this.#list.length;
  }

  append(...parameters: [name: string, value: string]): void {
    requireArguments(parameters.length, 2, "URLSearchParams.append");
    this.#list.push([toUsvString(parameters[0]), toUsvString(parameters[1])]);
    this.#changed();
  }

  delete(...parameters: [name: string, value?: string]): void {
    requireArguments(parameters.length, 1, "URLSearchParams.delete");
    const isMatch = matcher(parameters);
    this.#list = this.#list.filter((pair) => !isMatch(pair));
    this.#changed();
  }

  get(...parameters: [name: string]): string | null {
    requireArguments(parameters.length, 1, "URLSearchParams.get");
    const name = toUsvString(parameters[0]);
    return this.#list.find((pair) => pair[0] === name)?.[1] ?? null;
  }

  getAll(...parameters: [name: string]): string[] {
    requireArguments(parameters.length, 1, "URLSearchParams.getAll");
    const name = toUsvString(parameters[0]);
    return this.#list.filter((pair) => pair[0] === name).map((pair) => pair[1]);
  }

  has(...parameters: [name: string, value?: string]): boolean {
    requireArguments(parameters.length, 1, "URLSearchParams.has");
    return this.#list.some(matcher(parameters));
  }

  set(...parameters: [name: string, value: string]): void {
    requireArguments(parameters.length, 2, "URLSearchParams.set");
    const name = toUsvString(parameters[0]);
    const pair: Pair = [name, toUsvString(parameters[1])];
    const at = this.#list.findIndex((it) => it[0] === name);
    if (at < 0) this.#list.push(pair);
    else {
      this.#list = this.#list.filter((it, index) => index <= at || it[0] !== name);
      this.#list[at] = pair;
    }
    this.#changed();
  }

  /** By UTF-16 units of the names; equal names keep their order. */
  sort(): void {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }

  forEach(
    ...parameters: [callback: (value: string, name: string, params: URLSearchParams) => void, self?: unknown]
  ): void {
    requireArguments(parameters.length, 1, "URLSearchParams.forEach");
    const [callback, self] = parameters;
    if (typeof callback !== "function")
      throw new TypeError("Cannot call URLSearchParams.forEach: no callback function");
    for (let index = 0, pair = this.#list[0]; pair !== undefined; pair = this.#list[++index]) {
      Reflect.apply(callback, self, [pair[1], pair[0], this]);
    }
  }

  toString(): string {
    return serializeUrlEncoded(this.#list);
  }

  entries(): IteratorObject<[string, string], undefined> {
    void this.#list;
    return makeIterator((index) => this.#list[index], "key+value");
  }

  keys(): IteratorObject<string, undefined> {
    void this.#list;
    return makeIterator((index) => this.#list[index], "key");
  }

  values(): IteratorObject<string, undefined> {
    void this.#list;
    return makeIterator((index) => this.#list[index], "value");
  }

  declare readonly [Symbol.iterator]: () => IteratorObject<[string, string], undefined>;

  #changed(): void {
    this.#onChange?.(serializeUrlEncoded(this.#list));
  }

  static {
    hasBrand = (value) => #list in value;
    connect = (params, query, onChange) => {
      params.#list = parseUrlEncoded(query);
      params.#onChange = onChange;
    };
    reload = (params, query) => {
      params.#list = parseUrlEncoded(query);
    };
  }
}

export function isUrlSearchParams(value: unknown): value is URLSearchParams {
  return isObject(value) && hasBrand(value);
}

/** The parameters of a URL's query (without `?`). */
export function searchParamsOf(query: string, onChange: QueryListener): URLSearchParams {
  const params = new URLSearchParams();
  connect(params, query, onChange);
  return params;
}

/** The URL's query was set from outside. */
export function reloadSearchParams(params: URLSearchParams, query: string): void {
  reload(params, query);
}

function matcher([name, value]: [name: string, value?: string]): (pair: Readonly<Pair>) => boolean {
  const wantedName = toUsvString(name);
  if (value === undefined) return (pair) => pair[0] === wantedName;
  const wantedValue = toUsvString(value);
  return (pair) => pair[0] === wantedName && pair[1] === wantedValue;
}

function pairOfItem(item: unknown): Pair {
  const pair = isObject(item) ? sequenceOf(item) : null;
  if (pair === null || pair.length !== 2) {
    throw new TypeError("Cannot create URLSearchParams: received a sequence whose items are not pairs");
  }
  return [toUsvString(pair[0]), toUsvString(pair[1])];
}

function pairsOfRecord(record: Readonly<Record<string, unknown>>): Pair[] {
  const values = new Map<string, string>();
  for (const key of Reflect.ownKeys(record) as string[]) {
    if (!Object.prototype.propertyIsEnumerable.call(record, key)) continue;
    values.set(toUsvString(key), toUsvString(record[key]));
  }
  return [...values];
}

const makeIterator = pairIterators<string>("URLSearchParams Iterator");

Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
  value: URLSearchParams.prototype.entries,
  writable: true,
  configurable: true,
});
finishInterface(URLSearchParams, "URLSearchParams", { shown: [] });
