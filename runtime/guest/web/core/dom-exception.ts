/**
 * DOMException (https://webidl.spec.whatwg.org/#idl-DOMException).
 *
 * An ordinary class whose prototype inherits from Error's, as the standard has it: `extends Error` would read name and message
 * for the stack before they exist.
 */
import { finishInterface } from "./interface.ts";
import { isObject, toDomString } from "./webidl.ts";

let hasBrand: (value: object) => boolean;

export class DOMException {
  readonly #message: string;
  readonly #name: string;
  declare readonly stack: string;
  declare readonly cause?: unknown;

  /** `options` is a name, or `{name, cause}`. */
  constructor(message: string = "", options: string | { readonly name?: string; readonly cause?: unknown } = "Error") {
    this.#message = toDomString(message);
    if (isObject(options)) {
      this.#name = options.name === undefined ? "Error" : toDomString(options.name);
      if ("cause" in options) {
        Object.defineProperty(this, "cause", { value: options.cause, configurable: true, writable: true });
      }
    } else {
      this.#name = toDomString(options);
    }
    captureStackTrace(this, DOMException);
  }

  get name(): string {
    return this.#name;
  }

  get message(): string {
    return this.#message;
  }

  get code(): number {
    const index = legacyNames.indexOf(this.#name);
    return index < 0 || this.#name === "" ? 0 : index + 1;
  }

  static {
    hasBrand = (value) => #name in value;
  }
}

/** Whether `value` is a DOMException; cannot be spoofed. */
export function isDomException(value: unknown): value is DOMException {
  return isObject(value) && hasBrand(value);
}

const { captureStackTrace } = Error as unknown as { captureStackTrace(target: object, above: unknown): void };

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
