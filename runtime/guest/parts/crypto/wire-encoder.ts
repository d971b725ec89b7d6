/** Parameters of `crypto.subtle` calls as JSON and copied buffers (crypto-protocol.ts); knows no operation. */
import { algorithmMembers, type WireValue } from "../../crypto-protocol.ts";
import { isObject, sequenceOf, toDomString } from "../../web/core/webidl.ts";
import { copyBytes, isBufferSource } from "../../web/encoding/buffer-source.ts";
import { type CryptoKey, isCryptoKey, keyReferenceOf } from "./crypto-key.ts";

export class WireEncoder {
  readonly buffers: ArrayBuffer[] = [];
  /** Every key that was encoded. */
  readonly keys: CryptoKey[] = [];

  data(value: unknown): WireValue {
    if (!isBufferSource(value)) {
      throw new TypeError("Cannot call crypto.subtle: the data is not an ArrayBuffer or a view of one");
    }
    this.buffers.push(copyBytes(value).buffer);
    return { kind: "buffer", index: this.buffers.length - 1 };
  }

  key(value: unknown): WireValue {
    if (!isCryptoKey(value)) throw new TypeError("Cannot call crypto.subtle: the key is not a CryptoKey");
    this.keys.push(value);
    return { kind: "key", handle: keyReferenceOf(value).handle };
  }

  algorithm(value: unknown): WireValue {
    if (!isObject(value)) return toDomString(value);
    const members: Record<string, WireValue> = {};
    for (const name of algorithmMembers) {
      const member = (value as Record<string, unknown>)[name];
      if (member !== undefined) members[name] = this.#member(name, member);
    }
    return { kind: "algorithm", members };
  }

  jwk(value: unknown): WireValue {
    if (!isObject(value) || isBufferSource(value)) {
      throw new TypeError("Cannot import a key: a key in the format jwk is an object");
    }
    return { kind: "jwk", jwk: JSON.parse(JSON.stringify(value)) as Record<string, unknown> };
  }

  usages(value: unknown): WireValue {
    const items = isObject(value) ? sequenceOf(value) : null;
    if (items === null) throw new TypeError("Cannot call crypto.subtle: the key usages are not a sequence");
    return items.map((item) => toDomString(item));
  }

  #member(name: string, value: unknown): WireValue {
    if (isBufferSource(value)) return this.data(value);
    if (isCryptoKey(value)) return this.key(value);
    if (isObject(value)) {
      if (name === "hash") return this.algorithm(value);
      throw new TypeError(`Cannot call crypto.subtle: algorithm.${name} is an object`);
    }
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    return Number(value);
  }
}
