/**
 * The host's half of `crypto.subtle`: one HostSubtle for each instance runs the operations on an injected WebCrypto and keeps the
 * keys. Knows no isolate; the bridge hands it operations as the guest wrote them.
 *
 * Invariants: nothing from the guest is trusted (subtle-parameters.ts), a key never leaves but by exportKey and wrapKey, both the number
 * of keys and the number of operations at work are bounded, and after `dispose` nothing begins and no key is kept. Usages and
 * extractability are the WebCrypto's to check.
 */
import type { webcrypto } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { HostCallResult } from "../guest/host-port.ts";
import type { SubtleMethod, WireKey, WireResult } from "../guest/crypto-protocol.ts";
import { cryptoCost } from "./crypto-cost.ts";
import { checkDerivation } from "./derivation-bounds.ts";
import { HostOperationError } from "./host-operation-error.ts";
import { checkKey, checkKeyData } from "./key-bounds.ts";
import { decodeParameters, isSubtleMethod, type KeyLookup, parseHandles } from "./subtle-parameters.ts";
import type { PoolUser } from "./thread-pool.ts";

/** Keys of one instance: imported ones can be imported again by the guest, made ones (generated, derived, unwrapped) cannot. */
const IMPORTED_KEYS_MAX = 500;
const MADE_KEYS_MAX = 500;

export class HostSubtle {
  readonly #subtle: webcrypto.SubtleCrypto;
  readonly #imported = new LRUCache<number, webcrypto.CryptoKey>({ max: IMPORTED_KEYS_MAX });
  readonly #made = new LRUCache<number, webcrypto.CryptoKey>({ max: MADE_KEYS_MAX });
  readonly #pool: PoolUser;
  #lastHandle = 0;
  #isDisposed = false;

  /** `crypto` is the host process's WebCrypto; `pool` is the instance's to dispose. */
  constructor(crypto: Pick<webcrypto.Crypto, "subtle">, pool: PoolUser) {
    this.#subtle = crypto.subtle;
    this.#pool = pool;
  }

  /** The instance is over. */
  dispose(): void {
    this.#isDisposed = true;
    this.#imported.clear();
    this.#made.clear();
  }

  /** The key of that number, unless it is gone. */
  find(handle: number): webcrypto.CryptoKey | undefined {
    return this.#imported.get(handle) ?? this.#made.get(handle);
  }

  /** `SubtleCrypto.supports` of the host (wicg.github.io/webcrypto-modern-algos, "supports"). */
  supports(values: readonly unknown[]): boolean {
    const SubtleCrypto = this.#subtle.constructor as { supports?(...parameters: readonly unknown[]): boolean };
    return SubtleCrypto.supports?.(...values) ?? false;
  }

  /** Keys held now. */
  get keyCount(): number {
    return this.#imported.size + this.#made.size;
  }

  /**
   * Performs `crypto.<method>` or `crypto.release`. The result's buffers belong to the caller.
   * @throws HostOperationError always, whatever went wrong.
   */
  async call(operation: string, json: string, buffers: readonly ArrayBuffer[]): Promise<HostCallResult> {
    try {
      return await this.#perform(operation, json, buffers);
    } catch (error) {
      // What a guest sent may refuse to become a number, too.
      throw HostOperationError.from(error);
    }
  }

  async #perform(operation: string, json: string, buffers: readonly ArrayBuffer[]): Promise<HostCallResult> {
    this.#refuseIfDisposed();
    if (operation === "crypto.release") return this.#release(json);
    const method = operation.startsWith("crypto.") ? operation.slice("crypto.".length) : "";
    if (!isSubtleMethod(method)) throw new HostOperationError("TypeError", "There is no such crypto operation");
    const lookup = new Lookup((handle) => this.find(handle));
    const parameters = decodeParameters(json, { buffers, lookup });
    if (lookup.missing.size > 0) return resultOf({ kind: "dropped", handles: [...lookup.missing] });
    checkDerivation(method, parameters);
    checkKeyData(method, parameters);
    return await this.#pool.run(
      async () => this.#describe(method, await this.#run(method, parameters)),
      cryptoCost(method, parameters),
    );
  }

  #refuseIfDisposed(): void {
    if (this.#isDisposed) throw new HostOperationError("OperationError", "The instance is stopping");
  }

  async #run(method: SubtleMethod, parameters: readonly unknown[]): Promise<unknown> {
    // The WebCrypto converts and checks its arguments as Web IDL has it, as it does for untyped scripts.
    const run = this.#subtle[method] as (...values: readonly unknown[]) => Promise<unknown>;
    return await Reflect.apply(run, this.#subtle, parameters);
  }

  #describe(method: SubtleMethod, value: unknown): HostCallResult {
    if (value === undefined) return resultOf({ kind: "none" });
    if (typeof value === "boolean") return resultOf({ kind: "boolean", value });
    if (value instanceof ArrayBuffer) return resultOf({ kind: "buffer" }, [value]);
    if (method === "exportKey") return resultOf({ kind: "jwk", jwk: value as Readonly<Record<string, unknown>> });
    const store = method === "importKey" ? this.#imported : this.#made;
    if (isEncapsulated(value)) return this.#describeEncapsulated(value);
    if (isPair(value)) {
      const publicKey = this.#keep(store, value.publicKey);
      return resultOf({ kind: "pair", publicKey, privateKey: this.#keep(store, value.privateKey) });
    }
    return resultOf({ kind: "key", key: this.#keep(store, value as webcrypto.CryptoKey) });
  }

  #describeEncapsulated({ ciphertext, sharedKey }: Encapsulated): HostCallResult {
    if (sharedKey instanceof ArrayBuffer) {
      return resultOf({ kind: "encapsulated", sharedKey: null }, [ciphertext, sharedKey]);
    }
    return resultOf({ kind: "encapsulated", sharedKey: this.#keep(this.#made, sharedKey) }, [ciphertext]);
  }

  #keep(store: LRUCache<number, webcrypto.CryptoKey>, key: webcrypto.CryptoKey): WireKey {
    this.#refuseIfDisposed();
    checkKey(key);
    this.#lastHandle += 1;
    store.set(this.#lastHandle, key);
    const { type, extractable, usages } = key;
    return { handle: this.#lastHandle, type, extractable, algorithm: plainAlgorithm(key.algorithm), usages };
  }

  #release(json: string): HostCallResult {
    for (const handle of parseHandles(json)) {
      this.#imported.delete(handle);
      this.#made.delete(handle);
    }
    return resultOf({ kind: "none" });
  }
}

class Lookup implements KeyLookup {
  readonly missing = new Set<number>();
  readonly #find: (handle: number) => webcrypto.CryptoKey | undefined;

  constructor(find: (handle: number) => webcrypto.CryptoKey | undefined) {
    this.#find = find;
  }

  get(handle: number): webcrypto.CryptoKey | undefined {
    const key = this.#find(handle);
    if (key === undefined) this.missing.add(handle);
    return key;
  }
}

function resultOf(result: WireResult, buffers: readonly ArrayBuffer[] = []): HostCallResult {
  return { json: JSON.stringify(result), buffers };
}

interface Encapsulated {
  readonly ciphertext: ArrayBuffer;
  readonly sharedKey: ArrayBuffer | webcrypto.CryptoKey;
}

function isEncapsulated(value: unknown): value is Encapsulated {
  return typeof value === "object" && value !== null && "ciphertext" in value;
}

function isPair(value: unknown): value is webcrypto.CryptoKeyPair {
  return typeof value === "object" && value !== null && "privateKey" in value;
}

function plainAlgorithm(algorithm: webcrypto.KeyAlgorithm): Readonly<Record<string, unknown>> {
  const plain: Record<string, unknown> = { ...algorithm };
  for (const [name, value] of Object.entries(plain)) {
    if (value instanceof Uint8Array) plain[name] = [...value];
  }
  return plain;
}
