/**
 * A value as text for a log line, in the style of Node's `util.inspect`.
 *
 * Bounded in depth, items and characters, and safe: it calls no getter of user objects, and a proxy or a tampered object that
 * throws gives a mark in the text, never an exception.
 */
import { boxedPrimitive } from "../../web/core/boxed-primitive.ts";
import { isDomException } from "../../web/core/dom-exception.ts";
import { isArrayBuffer, typedArrayName } from "../../web/encoding/buffer-source.ts";
import { shownAttributes } from "../../web/core/interface.ts";
import { layout, quote } from "./layout.ts";

export interface InspectOptions {
  /** Levels of nested objects shown. Default 2. */
  readonly depth?: number;
  /** Characters of the result. Default 16,384. */
  readonly charsMax?: number;
  /** The text of an object that shows itself; undefined for all others. */
  readonly custom?: (value: object, depth: number) => string | undefined;
}

const ITEMS_MAX = 100;
/** Longer lists are shown without properties beside their items. */
const NAMED_ITEMS_MAX = 10_000;
const STRING_CHARS_MAX = 10_000;

export function inspect(value: unknown, options: InspectOptions = {}): string {
  const inspector = new Inspector(options);
  return inspector.show(value, 0);
}

class Inspector {
  readonly #depthMax: number;
  readonly #path: object[] = [];
  readonly #custom: InspectOptions["custom"];
  #charsLeft: number;

  constructor(options: InspectOptions) {
    this.#depthMax = options.depth ?? 2;
    this.#charsLeft = options.charsMax ?? 16_384;
    this.#custom = options.custom;
  }

  show(value: unknown, depth: number): string {
    if (this.#charsLeft <= 0) return "…";
    const text = this.#showAny(value, depth);
    // Containers are charged for their parts already.
    if (typeof value !== "object" || value === null) this.#charsLeft -= text.length + 4;
    return text;
  }

  #showAny(value: unknown, depth: number): string {
    switch (typeof value) {
      case "string":
        return quote(value.length > STRING_CHARS_MAX ? `${value.slice(0, STRING_CHARS_MAX)}…` : value);
      case "bigint":
        return `${String(value)}n`;
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "function":
        return this.#guarded(() => this.#showFunction(value, depth));
      case "object":
        return value === null ? "null" : this.#guarded(() => this.#showObject(value, depth));
      default:
        return String(value);
    }
  }

  /** Proxies and tampered prototypes may throw anywhere. */
  #guarded(show: () => string): string {
    const { length } = this.#path;
    try {
      return show();
    } catch {
      this.#path.length = length;
      return "[uninspectable]";
    }
  }

  #showObject(value: object, depth: number): string {
    if (this.#path.includes(value)) return "[Circular]";
    this.#charsLeft -= 4;
    const own = this.#custom?.(value, depth);
    if (own !== undefined) return own;
    if (value instanceof Error || isDomException(value)) return this.#showError(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return RegExp.prototype.toString.call(value);
    if (value instanceof Promise) return "Promise { … }";
    if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef)
      return `${nameOf(value)} { … }`;
    const primitive = boxedPrimitive(value);
    if (primitive !== undefined) return `[${nameOf(value)}: ${this.show(primitive, depth)}]`;
    if (depth > this.#depthMax) return `[${Array.isArray(value) ? "Array" : nameOf(value)}]`;
    this.#path.push(value);
    const text = this.#showContainer(value, depth);
    this.#path.pop();
    return text;
  }

  #showContainer(value: object, depth: number): string {
    if (Array.isArray(value)) return this.#showList({ value, items: value, prefix: arrayPrefix(value), depth });
    const typed = typedArrayName(value);
    if (typed !== undefined) {
      const items = value as Uint8Array;
      return this.#showList({ value, items, prefix: `${typed}(${items.length}) `, depth });
    }
    if (isArrayBuffer(value)) return `ArrayBuffer { byteLength: ${value.byteLength} }`;
    if (value instanceof Map) return this.#showEntries(`Map(${value.size}) `, value.entries(), " => ", depth);
    if (value instanceof Set) {
      const parts = this.#parts(value.values(), (item) => this.show(item, depth + 1), value.size);
      return layout(`Set(${value.size}) `, "{", parts);
    }
    const shown = shownAttributes(Object.getPrototypeOf(value) as object);
    if (shown !== undefined) return this.#showInterface(value, shown, depth);
    const name = nameOf(value);
    return layout(name === "Object" ? "" : `${name} `, "{", this.#properties(value, depth));
  }

  #showList(list: { value: object; items: ArrayLike<unknown>; prefix: string; depth: number }): string {
    const parts: string[] = [];
    const { items } = list;
    for (let i = 0; i < items.length && i < ITEMS_MAX && this.#charsLeft > 0; i++) {
      parts.push(i in items ? this.show(items[i], list.depth + 1) : "<empty item>");
    }
    const left = items.length - parts.length;
    if (left > 0) parts.push(more(left));
    // The names of all items of a long list would take more memory than the list.
    if (items.length <= NAMED_ITEMS_MAX) parts.push(...this.#properties(list.value, list.depth, items.length));
    return layout(list.prefix, "[", parts);
  }

  #showEntries(prefix: string, entries: Iterable<readonly [unknown, unknown]>, arrow: string, depth: number): string {
    const parts = this.#parts(
      entries,
      ([key, item]) => `${this.show(key, depth + 1)}${arrow}${this.show(item, depth + 1)}`,
      undefined,
    );
    return layout(prefix, "{", parts);
  }

  #parts<T>(items: Iterable<T>, show: (item: T) => string, size: number | undefined): string[] {
    const parts: string[] = [];
    for (const item of items) {
      if (parts.length >= ITEMS_MAX || this.#charsLeft <= 0) {
        parts.push(size === undefined ? "… more items" : more(size - parts.length));
        break;
      }
      parts.push(show(item));
    }
    return parts;
  }

  /** Own properties: enumerable names and symbols. `from` skips the indexes of a list. */
  #properties(value: object, depth: number, from: number = 0): string[] {
    const parts: string[] = [];
    for (const key of Reflect.ownKeys(value)) {
      if (from > 0 && typeof key === "string" && /^\d+$/.test(key)) continue;
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      if (property?.enumerable !== true) continue;
      if (parts.length >= ITEMS_MAX || this.#charsLeft <= 0) {
        parts.push("… more items");
        break;
      }
      parts.push(`${keyText(key)}: ${this.#showProperty(property, depth)}`);
    }
    return parts;
  }

  #showProperty(property: PropertyDescriptor, depth: number): string {
    if ("value" in property) return this.show(property.value, depth + 1);
    if (property.get === undefined) return "[Setter]";
    return property.set === undefined ? "[Getter]" : "[Getter/Setter]";
  }

  #showInterface(value: object, shown: readonly string[], depth: number): string {
    const entries = (value as { entries?: () => Iterable<readonly [unknown, unknown]> }).entries;
    if (shown.length === 0 && typeof entries === "function") {
      return this.#showEntries(`${nameOf(value)} `, Reflect.apply(entries, value, []), ": ", depth);
    }
    const parts = shown.map((name) => `${name}: ${this.show(Reflect.get(value, name), depth + 1)}`);
    return layout(`${nameOf(value)} `, "{", [...parts, ...this.#properties(value, depth)]);
  }

  #showError(error: Error, depth: number): string {
    this.#path.push(error);
    const stack = typeof error.stack === "string" && error.stack !== "" ? error.stack : `[${String(error)}]`;
    let text = stack.slice(0, Math.max(0, this.#charsLeft));
    this.#charsLeft -= text.length;
    const parts = this.#properties(error, depth);
    if (Object.hasOwn(error, "cause")) parts.push(`[cause]: ${this.show(error.cause, depth + 1)}`);
    if (error instanceof AggregateError) parts.push(`[errors]: ${this.show(error.errors, depth + 1)}`);
    if (parts.length > 0) text += ` ${layout("", "{", parts)}`;
    this.#path.pop();
    return text;
  }

  #showFunction(value: object, depth: number): string {
    const isClass = Function.prototype.toString.call(value).startsWith("class");
    const name = Object.getOwnPropertyDescriptor(value, "name")?.value as unknown;
    const known = typeof name === "string" && name !== "";
    const title = isClass ? "class" : "Function";
    const head = known ? `[${title}${isClass ? " " : ": "}${name}]` : `[${title} (anonymous)]`;
    if (depth > this.#depthMax || this.#path.includes(value)) return head;
    this.#path.push(value);
    const parts = this.#properties(value, depth);
    this.#path.pop();
    return parts.length === 0 ? head : layout(`${head} `, "{", parts);
  }
}

/** The name of the constructor, found without calling getters. */
function nameOf(value: object): string {
  for (let at: unknown = value; at !== null; at = Object.getPrototypeOf(at)) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof constructor !== "function") continue;
    const name: unknown = Object.getOwnPropertyDescriptor(constructor, "name")?.value;
    if (typeof name === "string" && name !== "") return name;
  }
  return "[Object: null prototype]";
}

function arrayPrefix(value: readonly unknown[]): string {
  const name = nameOf(value);
  return name === "Array" ? "" : `${name}(${value.length}) `;
}

function keyText(key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

function more(count: number): string {
  return `… ${count} more item${count === 1 ? "" : "s"}`;
}
