/* oxlint-disable no-var, no-redeclare, typescript/no-explicit-any, typescript/no-unsafe-declaration-merging -- declarations follow the standards: globals are var, classes share the Body mixin, json() promises nothing */
/**
 * The rest of the runtime's globals for authors: files, fetch, crypto, console, timers. See globals.d.ts, which comes first.
 */

// Files

interface BlobPropertyBag {
  endings?: "native" | "transparent";
  type?: string;
}

declare class Blob {
  constructor(parts?: Iterable<BufferSource | Blob | string>, options?: BlobPropertyBag);
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  slice(start?: number, end?: number, type?: string): Blob;
  stream(): ReadableStream<Uint8Array>;
  text(): Promise<string>;
}

declare class File extends Blob {
  constructor(
    parts: Iterable<BufferSource | Blob | string>,
    name: string,
    options?: BlobPropertyBag & { lastModified?: number },
  );
  readonly lastModified: number;
  readonly name: string;
}

declare class FormData implements Iterable<[string, FormDataEntryValue]> {
  constructor();
  append(name: string, value: string): void;
  append(name: string, value: Blob, filename?: string): void;
  delete(name: string): void;
  get(name: string): FormDataEntryValue | null;
  getAll(name: string): FormDataEntryValue[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  set(name: string, value: Blob, filename?: string): void;
  forEach(visit: (value: FormDataEntryValue, name: string, parent: FormData) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, FormDataEntryValue]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<FormDataEntryValue>;
  [Symbol.iterator](): IterableIterator<[string, FormDataEntryValue]>;
}

// Fetch

declare class Headers implements Iterable<[string, string]> {
  constructor(init?: HeadersInit);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(visit: (value: string, name: string, parent: Headers) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface Body {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  formData(): Promise<FormData>;
  // The standard promises nothing about the parsed value.
  json(): Promise<any>;
  text(): Promise<string>;
}

type ReferrerPolicy =
  | ""
  | "same-origin"
  | "unsafe-url"
  | `no-referrer${"" | "-when-downgrade"}`
  | `${"" | "strict-"}origin${"" | "-when-cross-origin"}`;

/** Members that other platforms add (`cf`, `next`, `backend`, …) are refused with a TypeError that names what to use instead. */
interface RequestInit {
  body?: BodyInit | null;
  /** Kept as an attribute, as are `credentials`, `mode`, `referrer` and `referrerPolicy`; the domain's cache rules decide about caching. */
  cache?: "default" | "force-cache" | "no-cache" | "no-store" | "only-if-cached" | "reload";
  credentials?: "include" | "omit" | "same-origin";
  /** Needed with a stream as body. */
  duplex?: "half";
  headers?: HeadersInit;
  /** Kept as an attribute; `fetch` refuses a Request that has one, because nothing here would check it. */
  integrity?: string;
  /** The invocation lasts until there is a response, as with `ctx.waitUntil`. */
  keepalive?: boolean;
  method?: string;
  /** `no-cors` allows GET, HEAD and POST only. */
  mode?: "cors" | "no-cors" | "same-origin";
  /** Checked, without effect. */
  priority?: "auto" | "high" | "low";
  /** `manual`: the redirect itself, with its status and Location. */
  redirect?: "error" | "follow" | "manual";
  /** An absolute URL, or empty. */
  referrer?: string;
  referrerPolicy?: ReferrerPolicy;
  /** Ends the request, and its answer's body as long as the function reads it. */
  signal?: AbortSignal | null;
  window?: null;
}

interface Request extends Body {}
declare class Request {
  constructor(input: RequestInfo | URL, init?: RequestInit);
  readonly cache: "default" | "force-cache" | "no-cache" | "no-store" | "only-if-cached" | "reload";
  readonly credentials: "include" | "omit" | "same-origin";
  readonly destination: string;
  readonly duplex: "half";
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly mode: "cors" | "no-cors" | "same-origin";
  readonly referrer: string;
  readonly referrerPolicy: ReferrerPolicy;
  readonly headers: Headers;
  readonly method: string;
  readonly redirect: "error" | "follow" | "manual";
  readonly signal: AbortSignal;
  readonly url: string;
  clone(): Request;
}

interface ResponseInit {
  headers?: HeadersInit;
  status?: number;
  statusText?: string;
  /** With status 101 only, in answer to a request that asks for one. */
  webSocket?: WebSocket | null;
}

interface Response extends Body {}
declare class Response {
  constructor(body?: BodyInit | null, init?: ResponseInit);
  readonly headers: Headers;
  readonly ok: boolean;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly type: "default" | "error" | "basic" | "opaqueredirect";
  readonly url: string;
  /** Of an answer to a request with the field `upgrade: websocket`. */
  readonly webSocket: WebSocket | null;
  clone(): Response;
  static error(): Response;
  static json(data: unknown, init?: ResponseInit): Response;
  static redirect(url: string | URL, status?: number): Response;
}

/**
 * A subrequest, for http and https: reaches public addresses and what the node's operator allows. Answers `data:` URLs and this instance's
 * `blob:` URLs by itself. A body under a Content-Encoding is decoded, and `content-encoding` and `content-length` are removed.
 */
declare function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

// Crypto

type KeyUsage = "decrypt" | "deriveBits" | "deriveKey" | "encrypt" | "sign" | "unwrapKey" | "verify" | "wrapKey";
type KeyFormat = "jwk" | "pkcs8" | "raw" | "spki";
type KeyType = "private" | "public" | "secret";

interface Algorithm {
  name: string;
}
type KeyAlgorithm = Algorithm;
type AlgorithmIdentifier = Algorithm | string;
/** Parameters differ by algorithm (Web Cryptography API). */
interface AlgorithmParameters extends Algorithm {
  [parameter: string]: unknown;
}

interface JsonWebKey {
  alg?: string;
  crv?: string;
  d?: string;
  dp?: string;
  dq?: string;
  e?: string;
  ext?: boolean;
  k?: string;
  key_ops?: string[];
  kty?: string;
  n?: string;
  p?: string;
  q?: string;
  qi?: string;
  use?: string;
  x?: string;
  y?: string;
}

interface CryptoKeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

declare class CryptoKey {
  private constructor();
  readonly algorithm: KeyAlgorithm;
  readonly extractable: boolean;
  readonly type: KeyType;
  readonly usages: KeyUsage[];
}

declare class SubtleCrypto {
  private constructor();
  static supports(
    operation: string,
    algorithm: AlgorithmParameters | string,
    additional?: AlgorithmParameters | string | number | null,
  ): boolean;
  digest(algorithm: AlgorithmIdentifier, data: BufferSource): Promise<ArrayBuffer>;
  encapsulateBits(
    algorithm: AlgorithmParameters | string,
    key: CryptoKey,
  ): Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>;
  encapsulateKey(
    algorithm: AlgorithmParameters | string,
    key: CryptoKey,
    sharedKeyAlgorithm: AlgorithmParameters | string,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<{ sharedKey: CryptoKey; ciphertext: ArrayBuffer }>;
  decapsulateBits(
    algorithm: AlgorithmParameters | string,
    key: CryptoKey,
    ciphertext: BufferSource,
  ): Promise<ArrayBuffer>;
  decapsulateKey(
    algorithm: AlgorithmParameters | string,
    key: CryptoKey,
    ciphertext: BufferSource,
    sharedKeyAlgorithm: AlgorithmParameters | string,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  getPublicKey(key: CryptoKey, usages: readonly KeyUsage[]): Promise<CryptoKey>;
  sign(algorithm: AlgorithmParameters | string, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  verify(
    algorithm: AlgorithmParameters | string,
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean>;
  encrypt(algorithm: AlgorithmParameters, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  decrypt(algorithm: AlgorithmParameters, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  generateKey(
    algorithm: "Ed25519" | "X25519" | (AlgorithmParameters & ({ namedCurve: string } | { modulusLength: number })),
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKeyPair>;
  generateKey(
    algorithm: AlgorithmParameters & ({ length: number } | { hash: AlgorithmIdentifier }),
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  generateKey(
    algorithm: AlgorithmParameters | string,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey | CryptoKeyPair>;
  importKey(
    format: "jwk",
    key: JsonWebKey,
    algorithm: AlgorithmParameters | string,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  importKey(
    format: Exclude<KeyFormat, "jwk">,
    key: BufferSource,
    algorithm: AlgorithmParameters | string,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  exportKey(format: "jwk", key: CryptoKey): Promise<JsonWebKey>;
  exportKey(format: Exclude<KeyFormat, "jwk">, key: CryptoKey): Promise<ArrayBuffer>;
  deriveBits(algorithm: AlgorithmParameters, key: CryptoKey, length?: number | null): Promise<ArrayBuffer>;
  deriveKey(
    algorithm: AlgorithmParameters,
    key: CryptoKey,
    derived: AlgorithmParameters,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  wrapKey(
    format: KeyFormat,
    key: CryptoKey,
    wrappingKey: CryptoKey,
    algorithm: AlgorithmParameters | string,
  ): Promise<ArrayBuffer>;
  unwrapKey(
    format: KeyFormat,
    wrappedKey: BufferSource,
    unwrappingKey: CryptoKey,
    algorithm: AlgorithmParameters | string,
    unwrapped: AlgorithmParameters | string,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
}

declare class Crypto {
  private constructor();
  readonly subtle: SubtleCrypto;
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}

declare var crypto: Crypto;

// Console, timers and the rest

interface Console {
  assert(condition?: boolean, ...values: unknown[]): void;
  count(label?: string): void;
  countReset(label?: string): void;
  debug(...values: unknown[]): void;
  dir(value?: unknown, options?: unknown): void;
  error(...values: unknown[]): void;
  group(...values: unknown[]): void;
  groupCollapsed(...values: unknown[]): void;
  groupEnd(): void;
  info(...values: unknown[]): void;
  log(...values: unknown[]): void;
  table(data?: unknown, columns?: readonly string[]): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
  timeLog(label?: string, ...values: unknown[]): void;
  trace(...values: unknown[]): void;
  warn(...values: unknown[]): void;
}

declare var console: Console;

// Errors that nobody catches

declare var onerror:
  ((message: string, filename: string, lineno: number, colno: number, error: unknown) => unknown) | null;
/** `event.reason` is a copy of what the promise was rejected with. */
declare var onunhandledrejection: ((event: PromiseRejectionEvent) => void) | null;
/** Never dispatched: the engine does not tell of it. */
declare var onrejectionhandled: ((event: PromiseRejectionEvent) => void) | null;

declare class Scheduler {
  private constructor();
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts. */
  wait(delayMs: number, options?: { signal?: AbortSignal }): Promise<void>;
}

declare var scheduler: Scheduler;

/** The first form is also for `new Promise((resolve) => setTimeout(resolve, 10))`: nothing is passed on. */
declare function setTimeout(callback: (_: void) => void, delayMs?: number): number;
declare function setTimeout<A extends unknown[]>(
  callback: (...values: A) => void,
  delayMs?: number,
  ...values: A
): number;
declare function setInterval(callback: (_: void) => void, delayMs?: number): number;
declare function setInterval<A extends unknown[]>(
  callback: (...values: A) => void,
  delayMs?: number,
  ...values: A
): number;
declare function clearTimeout(id?: number): void;
declare function clearInterval(id?: number): void;
/** Logs the error as one nobody caught. */
declare function reportError(error: unknown): void;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<T>(value: T, options?: { transfer?: readonly ArrayBuffer[] }): T;

declare class Performance extends EventTarget {
  private constructor();
  readonly timeOrigin: number;
  now(): number;
  toJSON(): unknown;
}

declare var performance: Performance;

declare class Navigator {
  private constructor();
  readonly hardwareConcurrency: number;
  readonly userAgent: string;
}

declare var navigator: Navigator;
declare var self: typeof globalThis;
