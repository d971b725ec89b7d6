/** `crypto` (https://w3c.github.io/webcrypto/#Crypto-interface); randomness is the host's. */
import { hostPort } from "../../host-port.ts";
import type { SubtleCrypto } from "../../parts/crypto/main.ts";
import { loadPart } from "../../parts/load-part.ts";
import { DOMException, QuotaExceededError } from "../core/dom-exception.ts";
import { finishInterface } from "../core/interface.ts";
import { requireArguments } from "../core/webidl.ts";
import { bytesOf, isArrayBufferView, typedArrayName } from "../encoding/buffer-source.ts";

const RANDOM_BYTES_MAX = 65_536;
const internal: unique symbol = Symbol("internal");

export class Crypto {
  #subtle: SubtleCrypto | null = null;

  constructor(token?: typeof internal) {
    if (token !== internal) throw new TypeError("Cannot create a Crypto: illegal constructor");
  }

  get subtle(): SubtleCrypto {
    this.#subtle ??= loadPart("crypto").createSubtleCrypto();
    return this.#subtle;
  }

  getRandomValues<T extends ArrayBufferView<ArrayBuffer>>(...parameters: [array: T]): T {
    void this.#subtle;
    requireArguments(parameters.length, 1, "crypto.getRandomValues");
    const [array] = parameters;
    if (!isArrayBufferView(array)) throw new TypeError("Cannot get random values: the argument is not a typed array");
    const name = typedArrayName(array) ?? "DataView";
    if (!/^(?:Big)?(?:Int|Uint)/.test(name)) {
      throw new DOMException(`Cannot get random values: ${name} does not hold integers`, "TypeMismatchError");
    }
    if (array.byteLength > RANDOM_BYTES_MAX) {
      throw new QuotaExceededError(
        `Cannot get random values: received ${array.byteLength} bytes, allowed 0..${RANDOM_BYTES_MAX}`,
      );
    }
    if (array.byteLength > 0) bytesOf(array).set(new Uint8Array(hostPort().randomBytes(array.byteLength)));
    return array;
  }

  randomUUID(): string {
    void this.#subtle;
    const bytes = new Uint8Array(hostPort().randomBytes(16));
    let text = "";
    for (const [index, byte] of bytes.entries()) {
      const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
      if (index === 4 || index === 6 || index === 8 || index === 10) text += "-";
      text += (marked + 0x100).toString(16).slice(1);
    }
    return text;
  }
}

export function createCrypto(): Crypto {
  return new Crypto(internal);
}

finishInterface(Crypto, "Crypto", { shown: [] });
