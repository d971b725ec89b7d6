/**
 * The URLs of a listener's requests: those that were asked for before need no second reading, and what others worked out about them is still
 * there.
 *
 * Invariant: bounded in number and length; when there are too many, all are forgotten, which costs one reading each.
 */
import { wireUrl, type WireUrl } from "../pipeline/wire-url.ts";
import { parseHostField, type HostField } from "./host-field.ts";

interface KnownHost {
  /** Null: the field is not valid. */
  readonly field: HostField | null;
  /** By path and query as received. */
  readonly urls: Map<string, WireUrl>;
}

/** Hosts and URLs together. */
const KNOWN_MAX = 8_192;
/** Longer ones are read each time. */
const CHARS_MAX = 256;

export class KnownUrls {
  readonly #scheme: "http" | "https";
  readonly #hosts = new Map<string, KnownHost>();
  #count = 0;

  constructor(scheme: "http" | "https") {
    this.#scheme = scheme;
  }

  /** The URL of a Host field, a path, and a query with its `?` or ""; null when one of them is outside the grammar. */
  read(host: string, path: string, query: string): WireUrl | null {
    const known = this.#hosts.get(host) ?? this.#addHost(host);
    if (known.field === null) return null;
    const target = query === "" ? path : path + query;
    const url = known.urls.get(target);
    // A path with a question mark of its own is not the same as a query.
    return url?.query === query ? url : this.#addUrl(known, { field: known.field, path, query, target });
  }

  #addHost(host: string): KnownHost {
    const known = { field: parseHostField(host, { scheme: this.#scheme }), urls: new Map<string, WireUrl>() };
    if (host.length <= CHARS_MAX) {
      this.#makeRoom();
      this.#hosts.set(host, known);
    }
    return known;
  }

  #addUrl(
    { urls }: KnownHost,
    {
      field: { host, hostname },
      path,
      query,
      target,
    }: { readonly field: HostField; readonly path: string; readonly query: string; readonly target: string },
  ): WireUrl | null {
    const url = wireUrl({ scheme: this.#scheme, host, hostname, path, query });
    if (url === null || target.length > CHARS_MAX) return url;
    this.#makeRoom();
    const kept: WireUrl = { ...url, derived: { keyed: null } };
    urls.set(target, kept);
    return kept;
  }

  #makeRoom(): void {
    if (this.#count >= KNOWN_MAX) {
      // Also those of a host that is being read just now, whose map goes with it.
      this.#hosts.clear();
      this.#count = 0;
    }
    this.#count++;
  }
}
