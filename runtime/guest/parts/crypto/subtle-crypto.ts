/**
 * SubtleCrypto (https://w3c.github.io/webcrypto/#subtlecrypto-interface): every operation runs on the host, which also keeps the
 * keys and checks algorithms, usages and extractability.
 *
 * The host keeps a bounded number of keys. A key it dropped is imported again here, unnoticed by user code, from the parameters it
 * was imported with; a generated or derived key cannot come back.
 */
import type { SubtleMethod, WireKey, WireResult, WireValue } from "../../crypto-protocol.ts";
import { type HostCallResult, hostPort } from "../../host-port.ts";
import { DOMException } from "../../web/core/dom-exception.ts";
import { finishInterface } from "../../web/core/interface.ts";
import { requireArguments, toBoolean, toDomString, toUnsignedLong } from "../../web/core/webidl.ts";
import {
  createCryptoKey,
  type CryptoKey,
  isCryptoKey,
  type KeyReference,
  keyReferenceOf,
  type KeySource,
} from "./crypto-key.ts";
import { quickDigest, quickSign, quickSupports, quickVerify } from "./quick.ts";
import { isSmallHmacValid, smallHmac, smallSha256 } from "./small-sha256.ts";
import { WireEncoder } from "./wire-encoder.ts";

export interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

type Subtle = ArrayBuffer | ArrayBufferView<ArrayBuffer>;
type Algorithm = string | { readonly name: string; readonly [member: string]: unknown };
type KeyFormat = "raw" | "pkcs8" | "spki" | "jwk";
type JsonWebKey = Readonly<Record<string, unknown>>;

const internal: unique symbol = Symbol("internal");
const ATTEMPTS_MAX = 3;

export class SubtleCrypto {
  /** Made with the first key: a snapshot cannot hold one, and no key exists in a snapshot. */
  #registry: FinalizationRegistry<KeyReference> | null = null;

  constructor(token?: typeof internal) {
    if (token !== internal) throw new TypeError("Cannot create a SubtleCrypto: illegal constructor");
  }

  /** Whether an operation would be performed with an algorithm (and a length, or the algorithm of a further key). */
  static supports(
    ...parameters: [operation: string, algorithm: Algorithm, additional?: Algorithm | number | null]
  ): boolean {
    requireArguments(parameters.length, 2, "SubtleCrypto.supports");
    const wire = new WireEncoder();
    const [operation, algorithm, additional] = parameters;
    const values = [toDomString(operation), wire.algorithm(algorithm)];
    if (additional === null || typeof additional === "number") values.push(additional);
    else if (additional !== undefined) values.push(wire.algorithm(additional));
    return quickSupports(values, wire.buffers);
  }

  async digest(...parameters: [algorithm: Algorithm, data: Subtle]): Promise<ArrayBuffer> {
    requireArguments(parameters.length, 2, "SubtleCrypto.digest");
    const [algorithm, data] = parameters;
    const quick = smallSha256(algorithm, data) ?? quickDigest(algorithm, data);
    if (quick !== null) return quick;
    const wire = new WireEncoder();
    return this.#buffer("digest", wire, [wire.algorithm(parameters[0]), wire.data(parameters[1])]);
  }

  async sign(...parameters: [algorithm: Algorithm, key: CryptoKey, data: Subtle]): Promise<ArrayBuffer> {
    const [algorithm, key, data] = parameters;
    if (isCryptoKey(key)) {
      const quick = smallHmac(algorithm, key, data) ?? quickSign({ algorithm, key, data });
      if (quick !== null) return quick;
    }
    return this.#transform("sign", parameters);
  }

  async encrypt(...parameters: [algorithm: Algorithm, key: CryptoKey, data: Subtle]): Promise<ArrayBuffer> {
    return this.#transform("encrypt", parameters);
  }

  async decrypt(...parameters: [algorithm: Algorithm, key: CryptoKey, data: Subtle]): Promise<ArrayBuffer> {
    return this.#transform("decrypt", parameters);
  }

  async verify(
    ...parameters: [algorithm: Algorithm, key: CryptoKey, signature: Subtle, data: Subtle]
  ): Promise<boolean> {
    requireArguments(parameters.length, 4, "SubtleCrypto.verify");
    const [algorithm, key, signature, data] = parameters;
    if (isCryptoKey(key)) {
      const quick =
        isSmallHmacValid({ algorithm, key, signature, data }) ?? quickVerify({ algorithm, key, signature, data });
      if (quick !== null) return quick;
    }
    const wire = new WireEncoder();
    const { result } = await this.#call("verify", wire, [
      wire.algorithm(algorithm),
      wire.key(key),
      wire.data(signature),
      wire.data(data),
    ]);
    return result.kind === "boolean" && result.value;
  }

  async generateKey(
    ...parameters: [algorithm: Algorithm, extractable: boolean, usages: Iterable<string>]
  ): Promise<CryptoKey | CryptoKeyPair> {
    requireArguments(parameters.length, 3, "SubtleCrypto.generateKey");
    const wire = new WireEncoder();
    const [algorithm, extractable, usages] = parameters;
    const { result } = await this.#call("generateKey", wire, [
      wire.algorithm(algorithm),
      toBoolean(extractable),
      wire.usages(usages),
    ]);
    if (result.kind !== "pair") return this.#adopt(keyOf(result), null);
    return { publicKey: this.#adopt(result.publicKey, null), privateKey: this.#adopt(result.privateKey, null) };
  }

  async importKey(
    ...parameters: [
      format: KeyFormat,
      keyData: Subtle | JsonWebKey,
      algorithm: Algorithm,
      extractable: boolean,
      usages: Iterable<string>,
    ]
  ): Promise<CryptoKey> {
    requireArguments(parameters.length, 5, "SubtleCrypto.importKey");
    const wire = new WireEncoder();
    const format = toDomString(parameters[0]);
    const values = [
      format,
      format === "jwk" ? wire.jwk(parameters[1]) : wire.data(parameters[1]),
      wire.algorithm(parameters[2]),
      toBoolean(parameters[3]),
      wire.usages(parameters[4]),
    ];
    const { result } = await this.#call("importKey", wire, values);
    return this.#adopt(keyOf(result), { json: JSON.stringify(values), buffers: wire.buffers });
  }

  async exportKey(...parameters: [format: KeyFormat, key: CryptoKey]): Promise<ArrayBuffer | JsonWebKey> {
    requireArguments(parameters.length, 2, "SubtleCrypto.exportKey");
    const wire = new WireEncoder();
    const { result, buffer } = await this.#call("exportKey", wire, [
      toDomString(parameters[0]),
      wire.key(parameters[1]),
    ]);
    return result.kind === "jwk" ? result.jwk : buffer;
  }

  async deriveBits(
    ...parameters: [algorithm: Algorithm, baseKey: CryptoKey, lengthBits?: number | null]
  ): Promise<ArrayBuffer> {
    requireArguments(parameters.length, 2, "SubtleCrypto.deriveBits");
    const wire = new WireEncoder();
    const [algorithm, baseKey, length] = parameters;
    const lengthBits = length === undefined || length === null ? null : toUnsignedLong(length);
    return this.#buffer("deriveBits", wire, [wire.algorithm(algorithm), wire.key(baseKey), lengthBits]);
  }

  async deriveKey(
    ...parameters: [
      algorithm: Algorithm,
      baseKey: CryptoKey,
      derivedKeyType: Algorithm,
      extractable: boolean,
      usages: Iterable<string>,
    ]
  ): Promise<CryptoKey> {
    requireArguments(parameters.length, 5, "SubtleCrypto.deriveKey");
    const wire = new WireEncoder();
    const [algorithm, baseKey, derivedKeyType, extractable, usages] = parameters;
    const { result } = await this.#call("deriveKey", wire, [
      wire.algorithm(algorithm),
      wire.key(baseKey),
      wire.algorithm(derivedKeyType),
      toBoolean(extractable),
      wire.usages(usages),
    ]);
    return this.#adopt(keyOf(result), null);
  }

  async wrapKey(
    ...parameters: [format: KeyFormat, key: CryptoKey, wrappingKey: CryptoKey, wrapAlgorithm: Algorithm]
  ): Promise<ArrayBuffer> {
    requireArguments(parameters.length, 4, "SubtleCrypto.wrapKey");
    const wire = new WireEncoder();
    const [format, key, wrappingKey, algorithm] = parameters;
    const values = [toDomString(format), wire.key(key), wire.key(wrappingKey), wire.algorithm(algorithm)];
    return this.#buffer("wrapKey", wire, values);
  }

  async unwrapKey(
    ...parameters: [
      format: KeyFormat,
      wrappedKey: Subtle,
      unwrappingKey: CryptoKey,
      unwrapAlgorithm: Algorithm,
      unwrappedKeyAlgorithm: Algorithm,
      extractable: boolean,
      usages: Iterable<string>,
    ]
  ): Promise<CryptoKey> {
    requireArguments(parameters.length, 7, "SubtleCrypto.unwrapKey");
    const wire = new WireEncoder();
    const [format, wrapped, unwrappingKey, unwrapAlgorithm, keyAlgorithm, extractable, usages] = parameters;
    const { result } = await this.#call("unwrapKey", wire, [
      toDomString(format),
      wire.data(wrapped),
      wire.key(unwrappingKey),
      wire.algorithm(unwrapAlgorithm),
      wire.algorithm(keyAlgorithm),
      toBoolean(extractable),
      wire.usages(usages),
    ]);
    return this.#adopt(keyOf(result), null);
  }

  /** Makes shared bits for the holder of the private key; only the ciphertext travels. */
  async encapsulateBits(
    ...parameters: [algorithm: Algorithm, encapsulationKey: CryptoKey]
  ): Promise<{ readonly sharedKey: ArrayBuffer; readonly ciphertext: ArrayBuffer }> {
    requireArguments(parameters.length, 2, "SubtleCrypto.encapsulateBits");
    const wire = new WireEncoder();
    const values = [wire.algorithm(parameters[0]), wire.key(parameters[1])];
    const { buffers } = await this.#call("encapsulateBits", wire, values);
    const [ciphertext = noBytes(), sharedKey = noBytes()] = buffers;
    return { sharedKey, ciphertext };
  }

  async encapsulateKey(
    ...parameters: [
      algorithm: Algorithm,
      encapsulationKey: CryptoKey,
      sharedKeyAlgorithm: Algorithm,
      extractable: boolean,
      usages: Iterable<string>,
    ]
  ): Promise<{ readonly sharedKey: CryptoKey; readonly ciphertext: ArrayBuffer }> {
    requireArguments(parameters.length, 5, "SubtleCrypto.encapsulateKey");
    const wire = new WireEncoder();
    const [algorithm, key, sharedKeyAlgorithm, extractable, usages] = parameters;
    const { result, buffer } = await this.#call("encapsulateKey", wire, [
      wire.algorithm(algorithm),
      wire.key(key),
      wire.algorithm(sharedKeyAlgorithm),
      toBoolean(extractable),
      wire.usages(usages),
    ]);
    if (result.kind !== "encapsulated" || result.sharedKey === null) throw noKey();
    return { sharedKey: this.#adopt(result.sharedKey, null), ciphertext: buffer };
  }

  async decapsulateBits(
    ...parameters: [algorithm: Algorithm, decapsulationKey: CryptoKey, ciphertext: Subtle]
  ): Promise<ArrayBuffer> {
    return this.#transform("decapsulateBits", parameters);
  }

  async decapsulateKey(
    ...parameters: [
      algorithm: Algorithm,
      decapsulationKey: CryptoKey,
      ciphertext: Subtle,
      sharedKeyAlgorithm: Algorithm,
      extractable: boolean,
      usages: Iterable<string>,
    ]
  ): Promise<CryptoKey> {
    requireArguments(parameters.length, 6, "SubtleCrypto.decapsulateKey");
    const wire = new WireEncoder();
    const [algorithm, key, ciphertext, sharedKeyAlgorithm, extractable, usages] = parameters;
    const { result } = await this.#call("decapsulateKey", wire, [
      wire.algorithm(algorithm),
      wire.key(key),
      wire.data(ciphertext),
      wire.algorithm(sharedKeyAlgorithm),
      toBoolean(extractable),
      wire.usages(usages),
    ]);
    return this.#adopt(keyOf(result), null);
  }

  /** The public key that belongs to a private one. */
  async getPublicKey(...parameters: [key: CryptoKey, usages: Iterable<string>]): Promise<CryptoKey> {
    requireArguments(parameters.length, 2, "SubtleCrypto.getPublicKey");
    const wire = new WireEncoder();
    const values = [wire.key(parameters[0]), wire.usages(parameters[1])];
    const { result } = await this.#call("getPublicKey", wire, values);
    return this.#adopt(keyOf(result), null);
  }

  async #transform(
    method: "sign" | "encrypt" | "decrypt" | "decapsulateBits",
    parameters: readonly [algorithm: Algorithm, key: CryptoKey, data: Subtle],
  ): Promise<ArrayBuffer> {
    requireArguments(parameters.length, 3, `SubtleCrypto.${method}`);
    const wire = new WireEncoder();
    const [algorithm, key, data] = parameters;
    return this.#buffer(method, wire, [wire.algorithm(algorithm), wire.key(key), wire.data(data)]);
  }

  async #buffer(method: SubtleMethod, wire: WireEncoder, values: readonly WireValue[]): Promise<ArrayBuffer> {
    return (await this.#call(method, wire, values)).buffer;
  }

  async #call(method: SubtleMethod, wire: WireEncoder, values: readonly WireValue[]): Promise<Answer> {
    let current = values;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const answer = answerOf(await hostPort().call(`crypto.${method}`, JSON.stringify(current), wire.buffers));
      if (answer.result.kind !== "dropped") return answer;
      current = await restoreKeys(wire.keys, { dropped: answer.result.handles, values: current });
    }
    throw droppedError();
  }

  #adopt(key: WireKey, source: KeySource | null): CryptoKey {
    const reference: KeyReference = { handle: key.handle, source };
    const cryptoKey = createCryptoKey(key, reference);
    this.#registry ??= new FinalizationRegistry(releaseKey);
    this.#registry.register(cryptoKey, reference);
    return cryptoKey;
  }
}

export function createSubtleCrypto(): SubtleCrypto {
  return new SubtleCrypto(internal);
}

interface Answer {
  readonly result: WireResult;
  /** The first of the buffers, or an empty one. */
  readonly buffer: ArrayBuffer;
  readonly buffers: readonly ArrayBuffer[];
}

function answerOf({ json, buffers }: HostCallResult): Answer {
  return { result: JSON.parse(json) as WireResult, buffer: buffers[0] ?? noBytes(), buffers };
}

function noBytes(): ArrayBuffer {
  return new ArrayBuffer(0);
}

function keyOf(result: WireResult): WireKey {
  if (result.kind === "key") return result.key;
  throw noKey();
}

function noKey(): DOMException {
  return new DOMException("The operation gave no key", "OperationError");
}

interface Loss {
  readonly dropped: readonly number[];
  readonly values: readonly WireValue[];
}

/** Imports the dropped keys again. Returns the parameters with their new numbers. */
async function restoreKeys(keys: readonly CryptoKey[], loss: Loss): Promise<readonly WireValue[]> {
  const renamed = new Map<number, number>();
  for (const key of keys) {
    const reference = keyReferenceOf(key);
    if (!loss.dropped.includes(reference.handle) || renamed.has(reference.handle)) continue;
    if (reference.source === null) throw droppedError();
    const { json, buffers } = reference.source;
    const { handle } = keyOf(answerOf(await hostPort().call("crypto.importKey", json, buffers)).result);
    renamed.set(reference.handle, handle);
    reference.handle = handle;
  }
  return loss.values.map((value) => withHandles(value, renamed));
}

function withHandles(value: WireValue, renamed: ReadonlyMap<number, number>): WireValue {
  if (typeof value !== "object" || value === null || !("kind" in value)) return value;
  if (value.kind === "key") return { kind: "key", handle: renamed.get(value.handle) ?? value.handle };
  if (value.kind !== "algorithm") return value;
  const entries = Object.entries(value.members).map(([name, member]) => [name, withHandles(member, renamed)] as const);
  return { kind: "algorithm", members: Object.fromEntries(entries) };
}

/** The key was collected here: the host may forget it. When the instance is ending nobody minds. */
function releaseKey(reference: KeyReference): void {
  hostPort()
    .call("crypto.release", JSON.stringify([reference.handle]), [])
    .catch(() => undefined);
}

function droppedError(): DOMException {
  return new DOMException(
    "The key is no longer available: too many other keys were made since its last use",
    "OperationError",
  );
}

finishInterface(SubtleCrypto, "SubtleCrypto", { shown: [] });
