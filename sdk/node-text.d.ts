/** Modules of Node.js about text in functions: paths, URLs, formatting. See node-buffer.d.ts for projects with @types/node. */

declare module "node:path" {
  export interface ParsedPath {
    root: string;
    dir: string;
    base: string;
    ext: string;
    name: string;
  }
  export const delimiter: ":";
  export const sep: "/";
  export const posix: typeof import("node:path");
  export function basename(path: string, suffix?: string): string;
  export function dirname(path: string): string;
  export function extname(path: string): string;
  export function format(path: Partial<ParsedPath>): string;
  export function isAbsolute(path: string): boolean;
  export function join(...paths: string[]): string;
  export function normalize(path: string): string;
  export function parse(path: string): ParsedPath;
  export function relative(from: string, to: string): string;
  export function resolve(...paths: string[]): string;
  export function toNamespacedPath(path: string): string;
  const exported: typeof import("node:path");
  export default exported;
}

declare module "node:path/posix" {
  export * from "node:path";
  export { default } from "node:path";
}

declare module "node:punycode" {
  export const ucs2: { decode(text: string): number[]; encode(codePoints: number[]): string };
  export const version: string;
  export function decode(text: string): string;
  export function encode(text: string): string;
  export function toASCII(domain: string): string;
  export function toUnicode(domain: string): string;
  const exported: typeof import("node:punycode");
  export default exported;
}

declare module "node:querystring" {
  export type ParsedUrlQuery = Record<string, string | string[] | undefined>;
  interface ParseOptions {
    maxKeys?: number;
    decodeURIComponent?: (text: string) => string;
  }
  interface StringifyOptions {
    encodeURIComponent?: (text: string) => string;
  }
  export function escape(text: string): string;
  export function parse(text: string, sep?: string | null, eq?: string | null, options?: ParseOptions): ParsedUrlQuery;
  export function stringify(
    values: object,
    sep?: string | null,
    eq?: string | null,
    options?: StringifyOptions,
  ): string;
  export function unescape(text: string): string;
  export function unescapeBuffer(text: string): Uint8Array;
  export const decode: typeof parse;
  export const encode: typeof stringify;
  const exported: typeof import("node:querystring");
  export default exported;
}

declare module "node:url" {
  import type { ParsedUrlQuery } from "node:querystring";
  const theURL: typeof URL;
  type theURL = URL;
  const theURLSearchParams: typeof URLSearchParams;
  type theURLSearchParams = URLSearchParams;
  class Url {
    auth: string | null;
    hash: string | null;
    host: string | null;
    hostname: string | null;
    href: string;
    path: string | null;
    pathname: string | null;
    port: string | null;
    protocol: string | null;
    query: string | ParsedUrlQuery | null;
    search: string | null;
    slashes: boolean | null;
    format(): string;
  }
  interface FormatOptions {
    auth?: boolean;
    fragment?: boolean;
    search?: boolean;
    unicode?: boolean;
  }
  function domainToASCII(domain: string): string;
  function domainToUnicode(domain: string): string;
  function fileURLToPath(url: string | URL): string;
  function format(url: URL, options?: FormatOptions): string;
  function format(url: string | object): string;
  function parse(url: string, parseQueryString?: boolean, slashesDenoteHost?: boolean): Url;
  function pathToFileURL(path: string): URL;
  function resolve(from: string, to: string): string;
  function resolveObject(from: string | Url, to: string): Url;
  function urlToHttpOptions(url: URL): Record<string, unknown>;
  export {
    theURL as URL,
    theURLSearchParams as URLSearchParams,
    Url,
    domainToASCII,
    domainToUnicode,
    fileURLToPath,
    format,
    parse,
    pathToFileURL,
    resolve,
    resolveObject,
    urlToHttpOptions,
  };
  const exported: typeof import("node:url");
  export default exported;
}

declare module "node:util" {
  type AnyFunction = (...values: any[]) => any;
  export interface InspectOptions {
    depth?: number | null;
    customInspect?: boolean;
  }
  const theTextDecoder: typeof TextDecoder;
  type theTextDecoder = TextDecoder;
  const theTextEncoder: typeof TextEncoder;
  type theTextEncoder = TextEncoder;
  const debug: typeof debuglog;
  const inspect: {
    (value: unknown, options?: InspectOptions): string;
    readonly custom: unique symbol;
    readonly defaultOptions: { depth: number | null };
  };
  const promisify: {
    (original: AnyFunction): (...values: any[]) => Promise<any>;
    readonly custom: unique symbol;
  };
  const types: typeof import("node:util/types");
  function _extend(target: object, source: unknown): object;
  function aborted(signal: AbortSignal, resource?: object): Promise<void>;
  function callbackify(original: (...values: any[]) => Promise<unknown>): (...values: any[]) => void;
  function debuglog(section: string): { (...values: unknown[]): void; readonly enabled: boolean };
  function deprecate<F extends AnyFunction>(original: F, message: string, code?: string): F;
  function format(...values: unknown[]): string;
  function formatWithOptions(options: InspectOptions, ...values: unknown[]): string;
  function inherits(constructor: AnyFunction, parent: AnyFunction): void;
  function isArray(value: unknown): value is unknown[];
  function isDeepStrictEqual(left: unknown, right: unknown): boolean;
  function stripVTControlCharacters(text: string): string;
  function toUSVString(text: string): string;
  export {
    theTextDecoder as TextDecoder,
    theTextEncoder as TextEncoder,
    _extend,
    aborted,
    callbackify,
    debug,
    debuglog,
    deprecate,
    format,
    formatWithOptions,
    inherits,
    inspect,
    isArray,
    isDeepStrictEqual,
    promisify,
    stripVTControlCharacters,
    toUSVString,
    types,
  };
  const exported: typeof import("node:util");
  export default exported;
}

declare module "node:util/types" {
  export function isAnyArrayBuffer(value: unknown): value is ArrayBuffer;
  export function isArgumentsObject(value: unknown): boolean;
  export function isArrayBuffer(value: unknown): value is ArrayBuffer;
  export function isArrayBufferView(value: unknown): value is ArrayBufferView;
  export function isAsyncFunction(value: unknown): boolean;
  export function isBigInt64Array(value: unknown): value is BigInt64Array;
  export function isBigIntObject(value: unknown): boolean;
  export function isBigUint64Array(value: unknown): value is BigUint64Array;
  export function isBooleanObject(value: unknown): boolean;
  export function isBoxedPrimitive(value: unknown): boolean;
  export function isCryptoKey(value: unknown): value is CryptoKey;
  export function isDataView(value: unknown): value is DataView;
  export function isDate(value: unknown): value is Date;
  export function isFloat32Array(value: unknown): value is Float32Array;
  export function isFloat64Array(value: unknown): value is Float64Array;
  export function isGeneratorFunction(value: unknown): boolean;
  export function isGeneratorObject(value: unknown): boolean;
  export function isInt16Array(value: unknown): value is Int16Array;
  export function isInt32Array(value: unknown): value is Int32Array;
  export function isInt8Array(value: unknown): value is Int8Array;
  export function isMap(value: unknown): value is Map<unknown, unknown>;
  export function isMapIterator(value: unknown): boolean;
  export function isModuleNamespaceObject(value: unknown): boolean;
  export function isNativeError(value: unknown): value is Error;
  export function isNumberObject(value: unknown): boolean;
  export function isPromise(value: unknown): value is Promise<unknown>;
  export function isRegExp(value: unknown): value is RegExp;
  export function isSet(value: unknown): value is Set<unknown>;
  export function isSetIterator(value: unknown): boolean;
  export function isSharedArrayBuffer(value: unknown): boolean;
  export function isStringObject(value: unknown): boolean;
  export function isSymbolObject(value: unknown): boolean;
  export function isTypedArray(value: unknown): boolean;
  export function isUint16Array(value: unknown): value is Uint16Array;
  export function isUint32Array(value: unknown): value is Uint32Array;
  export function isUint8Array(value: unknown): value is Uint8Array;
  export function isUint8ClampedArray(value: unknown): value is Uint8ClampedArray;
  export function isWeakMap(value: unknown): value is WeakMap<object, unknown>;
  export function isWeakSet(value: unknown): value is WeakSet<object>;
  const exported: typeof import("node:util/types");
  export default exported;
}

declare module "assert" {
  export * from "node:assert";
  export { default } from "node:assert";
}

declare module "assert/strict" {
  export * from "node:assert/strict";
  export { default } from "node:assert/strict";
}

declare module "async_hooks" {
  export * from "node:async_hooks";
  export { default } from "node:async_hooks";
}

declare module "diagnostics_channel" {
  export * from "node:diagnostics_channel";
  export { default } from "node:diagnostics_channel";
}

declare module "events" {
  export * from "node:events";
  export { default } from "node:events";
}

declare module "path" {
  export * from "node:path";
  export { default } from "node:path";
}

declare module "path/posix" {
  export * from "node:path/posix";
  export { default } from "node:path/posix";
}

declare module "perf_hooks" {
  export * from "node:perf_hooks";
  export { default } from "node:perf_hooks";
}

declare module "process" {
  export * from "node:process";
  export { default } from "node:process";
}

declare module "punycode" {
  export * from "node:punycode";
  export { default } from "node:punycode";
}

declare module "querystring" {
  export * from "node:querystring";
  export { default } from "node:querystring";
}

declare module "string_decoder" {
  export * from "node:string_decoder";
  export { default } from "node:string_decoder";
}

declare module "sys" {
  export * from "node:util";
  export { default } from "node:util";
}

declare module "node:sys" {
  export * from "node:util";
  export { default } from "node:util";
}

declare module "timers" {
  export * from "node:timers";
  export { default } from "node:timers";
}

declare module "timers/promises" {
  export * from "node:timers/promises";
  export { default } from "node:timers/promises";
}

declare module "url" {
  export * from "node:url";
  export { default } from "node:url";
}

declare module "util" {
  export * from "node:util";
  export { default } from "node:util";
}

declare module "util/types" {
  export * from "node:util/types";
  export { default } from "node:util/types";
}
