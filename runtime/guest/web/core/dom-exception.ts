/**
 * DOMException and QuotaExceededError (https://webidl.spec.whatwg.org/#idl-DOMException).
 *
 * Each is made by the engine as an error (`Error.isError` says so, and V8 keeps its stack), with a prototype that inherits from Error's. What
 * it says is kept beside the object, because a private field could not be put onto an error before its stack is read.
 */
import { finishInterface } from "./interface.ts";
import { isObject, toDomString } from "./webidl.ts";

interface Said {
  readonly message: string;
  readonly name: string;
}

const saidBy = new WeakMap<object, Said>();

export class DOMException {
  declare readonly stack: string;
  declare readonly cause?: unknown;

  /** `options` is a name, or `{name, cause}`. */
  constructor(message: string = "", options: string | { readonly name?: string; readonly cause?: unknown } = "Error") {
    const said: Said = { message: toDomString(message), name: nameFrom(options) };
    const error = construct(PlainError, [], new.target) as DOMException;
    saidBy.set(error, said);
    if (isObject(options) && "cause" in options) {
      Object.defineProperty(error, "cause", { value: options.cause, configurable: true, writable: true });
    }
    captureStackTrace(error, new.target);
    return error;
  }

  get name(): string {
    return saidOf(this).name;
  }

  get message(): string {
    return saidOf(this).message;
  }

  get code(): number {
    const { name } = saidOf(this);
    const index = legacyNames.indexOf(name);
    return index < 0 || name === "" ? 0 : index + 1;
  }
}

/** `QuotaExceededError` (https://webidl.spec.whatwg.org/#quotaexceedederror): which bound, and what was asked for. */
export class QuotaExceededError extends DOMException {
  readonly #quota: number | null;
  readonly #requested: number | null;

  constructor(message: string = "", options: { readonly quota?: number; readonly requested?: number } = {}) {
    super(message, "QuotaExceededError");
    this.#quota = boundFrom(options.quota, "quota");
    this.#requested = boundFrom(options.requested, "requested");
    if (this.#quota !== null && this.#requested !== null && this.#requested < this.#quota) {
      throw new RangeError("Cannot create a QuotaExceededError: requested is below quota");
    }
  }

  get quota(): number | null {
    return this.#quota;
  }

  get requested(): number | null {
    return this.#requested;
  }
}

/** Whether `value` is a DOMException; cannot be spoofed. */
export function isDomException(value: unknown): value is DOMException {
  return isObject(value) && saidBy.has(value);
}

const PlainError = Error;
const { construct } = Reflect;
const { captureStackTrace } = Error as unknown as { captureStackTrace(target: object, above: unknown): void };

function saidOf(exception: object): Said {
  const said = saidBy.get(exception);
  if (said === undefined) throw new TypeError("Cannot read: this is not a DOMException");
  return said;
}

function nameFrom(options: string | { readonly name?: string }): string {
  if (!isObject(options)) return toDomString(options);
  return options.name === undefined ? "Error" : toDomString(options.name);
}

function boundFrom(value: unknown, what: string): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (!Number.isFinite(number))
    throw new TypeError(`Cannot create a QuotaExceededError: ${what} is not a finite number`);
  if (number < 0) throw new RangeError(`Cannot create a QuotaExceededError: ${what} is negative`);
  return number;
}

/** Index + 1 is the legacy code; the empty ones have a constant but no name. */
const legacyNames: readonly string[] = [
  "IndexSizeError",
  "",
  "HierarchyRequestError",
  "WrongDocumentError",
  "InvalidCharacterError",
  "",
  "NoModificationAllowedError",
  "NotFoundError",
  "NotSupportedError",
  "InUseAttributeError",
  "InvalidStateError",
  "SyntaxError",
  "InvalidModificationError",
  "NamespaceError",
  "InvalidAccessError",
  "",
  "TypeMismatchError",
  "SecurityError",
  "NetworkError",
  "AbortError",
  "URLMismatchError",
  "QuotaExceededError",
  "TimeoutError",
  "InvalidNodeTypeError",
  "DataCloneError",
];

/** `IndexSizeError` → `INDEX_SIZE_ERR`. */
function constantName(name: string, index: number): string {
  if (index === 1) return "DOMSTRING_SIZE_ERR";
  if (index === 5) return "NO_DATA_ALLOWED_ERR";
  if (index === 15) return "VALIDATION_ERR";
  const words = name.replace(/Error$/, "").replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=URL)(?=M)/g, "_");
  return `${words.toUpperCase().replace("IN_USE", "INUSE")}_ERR`;
}

Object.setPrototypeOf(DOMException.prototype, Error.prototype);
finishInterface(DOMException, "DOMException", {
  constants: Object.fromEntries(legacyNames.map((name, index) => [constantName(name, index), index + 1])),
});
finishInterface(QuotaExceededError, "QuotaExceededError", { shown: ["quota", "requested"] });
