/**
 * `node:crypto` in functions: what Web Crypto or pure JavaScript carries. Ciphers, signatures and keys are missing here and throw: use
 * crypto.subtle. See node-buffer.d.ts for projects with @types/node.
 */

declare module "node:crypto" {
  type Bytes = string | ArrayBufferView | ArrayBuffer;
  type Encoding = BufferEncoding;
  type Done<T> = (error: Error | null, result: T) => void;

  class Hash {
    private constructor();
    update(data: Bytes, encoding?: Encoding): this;
    digest(): Buffer;
    digest(encoding: Encoding): string;
    copy(): Hash;
  }
  class Hmac {
    private constructor();
    update(data: Bytes, encoding?: Encoding): this;
    digest(): Buffer;
    digest(encoding: Encoding): string;
  }
  /** A secret key; public and private keys do not exist here. */
  class KeyObject {
    private constructor();
    readonly type: "secret";
    readonly symmetricKeySize: number;
    equals(other: KeyObject): boolean;
    export(options?: { format?: "buffer" }): Buffer;
    export(options: { format: "jwk" }): { kty: "oct"; k: string };
  }
  interface ScryptOptions {
    N?: number;
    cost?: number;
    r?: number;
    blockSize?: number;
    p?: number;
    parallelization?: number;
    /** Bytes; default 32 MiB. */
    maxmem?: number;
  }

  function createHash(algorithm: string): Hash;
  function createHmac(algorithm: string, key: Bytes | KeyObject): Hmac;
  function createSecretKey(key: string, encoding: Encoding): KeyObject;
  function createSecretKey(key: ArrayBufferView | ArrayBuffer): KeyObject;
  function getHashes(): string[];
  function hash(algorithm: string, data: Bytes, encoding?: Encoding): string;
  function hash(algorithm: string, data: Bytes, encoding: "buffer"): Buffer;
  function getRandomValues<T extends ArrayBufferView<ArrayBuffer>>(array: T): T;
  function hkdf(
    digest: string,
    key: Bytes | KeyObject,
    salt: Bytes,
    info: Bytes,
    bytes: number,
    done: Done<ArrayBuffer>,
  ): void;
  function hkdfSync(digest: string, key: Bytes | KeyObject, salt: Bytes, info: Bytes, bytes: number): ArrayBuffer;
  function pbkdf2(
    password: Bytes,
    salt: Bytes,
    iterations: number,
    bytes: number,
    digest: string,
    done: Done<Buffer>,
  ): void;
  function pbkdf2Sync(password: Bytes, salt: Bytes, iterations: number, bytes: number, digest: string): Buffer;
  function scrypt(password: Bytes, salt: Bytes, bytes: number, done: Done<Buffer>): void;
  function scrypt(password: Bytes, salt: Bytes, bytes: number, options: ScryptOptions, done: Done<Buffer>): void;
  function scryptSync(password: Bytes, salt: Bytes, bytes: number, options?: ScryptOptions): Buffer;
  function randomBytes(size: number): Buffer;
  function randomBytes(size: number, done: Done<Buffer>): void;
  function randomFill<T extends ArrayBufferView>(target: T, done: Done<T>): void;
  function randomFill<T extends ArrayBufferView>(target: T, offset: number, done: Done<T>): void;
  function randomFill<T extends ArrayBufferView>(target: T, offset: number, size: number, done: Done<T>): void;
  function randomFillSync<T extends ArrayBufferView>(target: T, offset?: number, size?: number): T;
  function randomInt(max: number): number;
  function randomInt(min: number, max: number): number;
  function randomInt(max: number, done: Done<number>): void;
  function randomInt(min: number, max: number, done: Done<number>): void;
  function randomUUID(): string;
  function timingSafeEqual(left: ArrayBufferView, right: ArrayBufferView): boolean;
  const subtle: SubtleCrypto;
  const webcrypto: Crypto;

  export {
    Hash,
    Hmac,
    KeyObject,
    createHash,
    createHmac,
    createSecretKey,
    getHashes,
    getRandomValues,
    hash,
    hkdf,
    hkdfSync,
    pbkdf2,
    pbkdf2Sync,
    randomBytes,
    randomFill,
    randomFillSync,
    randomInt,
    randomUUID,
    scrypt,
    scryptSync,
    subtle,
    timingSafeEqual,
    webcrypto,
  };
  const exported: typeof import("node:crypto");
  export default exported;
}

declare module "crypto" {
  export * from "node:crypto";
  export { default } from "node:crypto";
}
