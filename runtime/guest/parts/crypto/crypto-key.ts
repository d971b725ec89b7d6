/**
 * CryptoKey (https://w3c.github.io/webcrypto/#cryptokey-interface): the face of a key that stays on the host.
 *
 * Invariant: user code can neither make one nor read the number of its key.
 */
import { finishInterface } from "../../web/core/interface.ts";
import { isObject } from "../../web/core/webidl.ts";
import type { WireKey } from "../../crypto-protocol.ts";

/** Where the key is on the host, and how to import it again if the host had to drop it. Outlives the CryptoKey by a moment. */
export interface KeyReference {
  handle: number;
  readonly source: KeySource | null;
}

/** The parameters of the importKey call that made the key. */
export interface KeySource {
  readonly json: string;
  readonly buffers: readonly ArrayBuffer[];
}

const internal: unique symbol = Symbol("internal");
let referenceIn: (key: CryptoKey) => KeyReference;
let hasBrand: (value: object) => boolean;

export class CryptoKey {
  readonly #reference: KeyReference;
  readonly #type: string;
  readonly #extractable: boolean;
  readonly #algorithm: Readonly<Record<string, unknown>>;
  readonly #usages: readonly string[];

  constructor(token?: typeof internal, key?: WireKey, reference?: KeyReference) {
    if (token !== internal || key === undefined || reference === undefined) {
      throw new TypeError("Cannot create a CryptoKey: illegal constructor");
    }
    this.#reference = reference;
    this.#type = key.type;
    this.#extractable = key.extractable;
    this.#algorithm = withPublicExponent(key.algorithm);
    this.#usages = [...key.usages];
  }

  get type(): string {
    return this.#type;
  }
  get extractable(): boolean {
    return this.#extractable;
  }
  get algorithm(): Readonly<Record<string, unknown>> {
    return this.#algorithm;
  }
  get usages(): readonly string[] {
    return this.#usages;
  }

  static {
    referenceIn = (key) => key.#reference;
    hasBrand = (value) => #reference in value;
  }
}

export function createCryptoKey(key: WireKey, reference: KeyReference): CryptoKey {
  return new CryptoKey(internal, key, reference);
}

export function isCryptoKey(value: unknown): value is CryptoKey {
  return isObject(value) && hasBrand(value);
}

export function keyReferenceOf(key: CryptoKey): KeyReference {
  return referenceIn(key);
}

function withPublicExponent(algorithm: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { publicExponent } = algorithm as { publicExponent?: readonly number[] };
  return publicExponent === undefined ? algorithm : { ...algorithm, publicExponent: new Uint8Array(publicExponent) };
}

finishInterface(CryptoKey, "CryptoKey", { shown: ["type", "extractable", "algorithm", "usages"] });
