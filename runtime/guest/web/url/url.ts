/**
 * URL (https://url.spec.whatwg.org/#url-class).
 *
 * An ordinary URL is kept as its text, and the attributes are cut out of it when asked for; everything else is a record of the
 * parser. Invariant: `#record` is null exactly when `#href` is ordinary (fast-url.ts), and both say the same otherwise.
 */
import type { Blob } from "../body/blob.ts";
import { createObjectUrl, revokeObjectUrl } from "../body/blob-url.ts";
import { finishInterface } from "../core/interface.ts";
import { isObject, requireArguments, toDomString, toPrintable, toUsvString } from "../core/webidl.ts";
import { hashOf, isOrdinary, ordinaryForm, pathEnd, pathStart, searchOf } from "./fast-url.ts";
import * as parser from "./parser.ts";
import { reloadSearchParams, searchParamsOf, type URLSearchParams } from "./url-search-params.ts";

let hasBrand: (value: object) => boolean;

export class URL {
  #href: string;
  #record: parser.UrlRecord | null;
  #params: URLSearchParams | null = null;

  constructor(...parameters: [url: string | URL, base?: string | URL]) {
    requireArguments(parameters.length, 1, "the URL constructor");
    const text = toUsvString(parameters[0]);
    if (parameters[1] === undefined && isOrdinary(text)) {
      this.#href = text;
      this.#record = null;
      return;
    }
    const parsed = parse(text, parameters[1]);
    if (parsed === null) throw invalidUrl(text, parameters[1]);
    this.#href = parsed.href;
    this.#record = parsed.record;
  }

  static parse(...parameters: [url: string | URL, base?: string | URL]): URL | null {
    requireArguments(parameters.length, 1, "URL.parse");
    const parsed = parse(toUsvString(parameters[0]), parameters[1]);
    return parsed === null ? null : new URL(parsed.href);
  }

  static canParse(...parameters: [url: string | URL, base?: string | URL]): boolean {
    requireArguments(parameters.length, 1, "URL.canParse");
    return parse(toUsvString(parameters[0]), parameters[1]) !== null;
  }

  static createObjectURL(...parameters: [blob: Blob]): string {
    return createObjectUrl(parameters);
  }

  static revokeObjectURL(...parameters: [url: string]): void {
    requireArguments(parameters.length, 1, "URL.revokeObjectURL");
    revokeObjectUrl(toDomString(parameters[0]));
  }

  get href(): string {
    return this.#href;
  }
  set href(value: string) {
    const text = toUsvString(value);
    const parsed = parse(text, undefined);
    if (parsed === null) throw invalidUrl(text, undefined);
    this.#href = parsed.href;
    this.#record = parsed.record;
    this.#reloadParams();
  }

  get origin(): string {
    if (this.#record !== null) return parser.originOf(this.#record);
    return this.#href.slice(0, pathStart(this.#href));
  }

  get protocol(): string {
    return this.#href.slice(0, this.#href.indexOf(":") + 1);
  }
  set protocol(value: string) {
    const text = toUsvString(value);
    this.#change((record) => parser.parsePart(record, `${text}:`, "scheme start"));
  }

  get username(): string {
    return this.#record?.username ?? "";
  }
  set username(value: string) {
    const text = toUsvString(value);
    this.#change((record) => {
      if (!parser.cannotHaveCredentialsOrPort(record)) parser.setUsername(record, text);
    });
  }

  get password(): string {
    return this.#record?.password ?? "";
  }
  set password(value: string) {
    const text = toUsvString(value);
    this.#change((record) => {
      if (!parser.cannotHaveCredentialsOrPort(record)) parser.setPassword(record, text);
    });
  }

  get host(): string {
    if (this.#record === null) return this.#href.slice(this.#href.indexOf("/") + 2, pathStart(this.#href));
    const hostname = parser.hostnameOf(this.#record);
    return this.#record.port === null ? hostname : `${hostname}:${this.#record.port}`;
  }
  set host(value: string) {
    const text = toUsvString(value);
    this.#change((record) => {
      if (!parser.hasOpaquePath(record)) parser.parsePart(record, text, "host");
    });
  }

  get hostname(): string {
    if (this.#record !== null) return parser.hostnameOf(this.#record);
    const { host } = this;
    const colon = host.indexOf(":");
    return colon < 0 ? host : host.slice(0, colon);
  }
  set hostname(value: string) {
    const text = toUsvString(value);
    this.#change((record) => {
      if (!parser.hasOpaquePath(record)) parser.parsePart(record, text, "hostname");
    });
  }

  get port(): string {
    if (this.#record !== null) return this.#record.port === null ? "" : String(this.#record.port);
    const { host } = this;
    const colon = host.indexOf(":");
    return colon < 0 ? "" : host.slice(colon + 1);
  }
  set port(value: string) {
    const text = toUsvString(value);
    this.#change((record) => {
      if (parser.cannotHaveCredentialsOrPort(record)) return;
      if (text === "") record.port = null;
      else parser.parsePart(record, text, "port");
    });
  }

  get pathname(): string {
    if (this.#record !== null) return parser.pathOf(this.#record);
    const start = pathStart(this.#href);
    return this.#href.slice(start, pathEnd(this.#href, start));
  }
  set pathname(value: string) {
    const text = toUsvString(value);
    if (this.#record === null && text.startsWith("/") && !/[?#]/.test(text)) {
      const start = pathStart(this.#href);
      const href = this.#href.slice(0, start) + text + this.#href.slice(pathEnd(this.#href, start));
      if (this.#becomes(href)) return;
    }
    this.#change((record) => {
      if (parser.hasOpaquePath(record)) return;
      record.path = [];
      parser.parsePart(record, text, "path start");
    });
  }

  get search(): string {
    if (this.#record === null) return searchOf(this.#href);
    const { query } = this.#record;
    return query === null || query === "" ? "" : `?${query}`;
  }
  set search(value: string) {
    const text = toUsvString(value);
    this.#setQuery(text.startsWith("?") ? text.slice(1) : text, text === "");
    this.#reloadParams();
  }

  get searchParams(): URLSearchParams {
    this.#params ??= searchParamsOf(this.search.slice(1), (query) => {
      this.#setSerializedQuery(query);
    });
    return this.#params;
  }

  get hash(): string {
    if (this.#record === null) return hashOf(this.#href);
    const { fragment } = this.#record;
    return fragment === null || fragment === "" ? "" : `#${fragment}`;
  }
  set hash(value: string) {
    const text = toUsvString(value);
    this.#change((record) => {
      record.fragment = text === "" ? null : "";
      if (text !== "") parser.parsePart(record, text.startsWith("#") ? text.slice(1) : text, "fragment");
    });
  }

  toString(): string {
    return this.#href;
  }

  toJSON(): string {
    return this.#href;
  }

  #setQuery(query: string, remove: boolean): void {
    if (this.#record === null && !query.includes("#")) {
      const start = pathStart(this.#href);
      const end = pathEnd(this.#href, start);
      const hash = this.#href.indexOf("#");
      const fragment = hash < 0 ? "" : this.#href.slice(hash);
      if (this.#becomes(this.#href.slice(0, end) + (remove ? "" : `?${query}`) + fragment)) return;
    }
    this.#change((record) => {
      record.query = remove ? null : "";
      if (!remove) parser.parsePart(record, query, "query");
    });
  }

  /** The parameters changed: their text is a query already, and an empty one is none. */
  #setSerializedQuery(query: string): void {
    this.#setQuery(query, query === "");
  }

  /** Takes `href` over if it is ordinary. */
  #becomes(href: string): boolean {
    if (!isOrdinary(href)) return false;
    this.#href = href;
    return true;
  }

  #change(apply: (record: parser.UrlRecord) => void): void {
    const record = this.#record ?? parser.parseUrl(this.#href);
    if (record === null) return;
    apply(record);
    this.#href = parser.serializeUrl(record);
    this.#record = isOrdinary(this.#href) ? null : record;
  }

  #reloadParams(): void {
    if (this.#params !== null) reloadSearchParams(this.#params, this.search.slice(1));
  }

  static {
    hasBrand = (value) => #href in value;
  }
}

export function isUrl(value: unknown): value is URL {
  return isObject(value) && hasBrand(value);
}

/** `text` as an absolute URL in normal form, or null. */
export function normalizeUrl(text: string): string | null {
  return parse(text, undefined)?.href ?? null;
}

interface Parsed {
  readonly href: string;
  readonly record: parser.UrlRecord | null;
}

function parse(text: string, base: string | URL | undefined): Parsed | null {
  if (base === undefined) {
    const ordinary = ordinaryForm(text);
    return ordinary === null ? ordinaryOrRecord(parser.parseUrl(text)) : { href: ordinary, record: null };
  }
  const baseText = toUsvString(base);
  if (isOrdinary(baseText) && text.startsWith("/")) {
    const href = baseText.slice(0, pathStart(baseText)) + text;
    if (text.charCodeAt(1) !== 0x2f && isOrdinary(href)) return { href, record: null };
  }
  const baseRecord = parser.parseUrl(baseText);
  return baseRecord === null ? null : ordinaryOrRecord(parser.parseUrl(text, baseRecord));
}

function ordinaryOrRecord(record: parser.UrlRecord | null): Parsed | null {
  if (record === null) return null;
  const href = parser.serializeUrl(record);
  return { href, record: isOrdinary(href) ? null : record };
}

function invalidUrl(text: string, base: string | URL | undefined): TypeError {
  const suffix = base === undefined ? "" : ` with base ${toPrintable(String(base))}`;
  return new TypeError(`Invalid URL: ${toPrintable(text)}${suffix}`);
}

finishInterface(URL, "URL", {
  shown: [
    "href",
    "origin",
    "protocol",
    "username",
    "password",
    "host",
    "hostname",
    "port",
    "pathname",
    "search",
    "searchParams",
    "hash",
  ],
});
