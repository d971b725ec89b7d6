/** URLPattern (https://urlpattern.spec.whatwg.org/#urlpattern-class): matches URLs by component, as routers do. */
import { finishInterface } from "../../web/core/interface.ts";
import { isObject, toDictionary, toUsvString } from "../../web/core/webidl.ts";
import { hostnameOf, parseUrl, pathOf, type UrlRecord } from "../../web/url/parser.ts";
import {
  canonicalHash,
  canonicalHostname,
  canonicalIPv6Hostname,
  canonicalOpaquePathname,
  canonicalPassword,
  canonicalPathname,
  canonicalPort,
  canonicalProtocol,
  canonicalSearch,
  canonicalUsername,
} from "./canonicalize.ts";
import {
  compileComponent,
  hostnameOptions,
  matchesSpecialScheme,
  pathnameOptions,
  plainOptions,
  type Component,
} from "./component.ts";
import { parseConstructorString } from "./constructor-string.ts";
import {
  componentNames,
  processInit,
  readInit,
  type ComponentName,
  type Components,
  type PatternInit,
} from "./pattern-init.ts";

export type PatternInput = string | PatternInit;

export interface ComponentResult {
  readonly input: string;
  readonly groups: Readonly<Record<string, string | undefined>>;
}
export type PatternResult = { readonly inputs: readonly PatternInput[] } & Readonly<
  Record<ComponentName, ComponentResult>
>;

const defaultPorts: Readonly<Record<string, string>> = {
  __proto__: null as never,
  ftp: "21",
  http: "80",
  https: "443",
  ws: "80",
  wss: "443",
};
const noComponents: Components = Object.fromEntries(componentNames.map((name) => [name, ""])) as Components;

export class URLPattern {
  readonly #components: Readonly<Record<ComponentName, Component>>;

  constructor(...parameters: [input?: PatternInput, baseOrOptions?: string | object | null, options?: object | null]) {
    const { init, options } = readParameters(parameters);
    const ignoreCase = Boolean(toDictionary(options, "URLPattern")["ignoreCase"]);
    this.#components = compile(init, ignoreCase);
  }

  get protocol(): string {
    return this.#components.protocol.pattern;
  }
  get username(): string {
    return this.#components.username.pattern;
  }
  get password(): string {
    return this.#components.password.pattern;
  }
  get hostname(): string {
    return this.#components.hostname.pattern;
  }
  get port(): string {
    return this.#components.port.pattern;
  }
  get pathname(): string {
    return this.#components.pathname.pattern;
  }
  get search(): string {
    return this.#components.search.pattern;
  }
  get hash(): string {
    return this.#components.hash.pattern;
  }

  /** Whether a component holds an expression in parentheses. */
  get hasRegExpGroups(): boolean {
    return componentNames.some((name) => this.#components[name].hasRegExpGroups);
  }

  test(...parameters: [input?: PatternInput, base?: string]): boolean {
    const components = componentsOf(readInput(parameters[0]), readBase(parameters[1]));
    return (
      components !== null && componentNames.every((name) => this.#components[name].match(components[name]) !== null)
    );
  }

  /** What each component matched and captured, or null. */
  exec(...parameters: [input?: PatternInput, base?: string]): PatternResult | null {
    const input = readInput(parameters[0]);
    const base = readBase(parameters[1]);
    const components = componentsOf(input, base);
    if (components === null) return null;
    const result: Partial<Record<ComponentName, ComponentResult>> = {};
    for (const name of componentNames) {
      const component = this.#components[name];
      const captured = component.match(components[name]);
      if (captured === null) return null;
      const groups = Object.fromEntries(component.names.map((group, index) => [group, captured[index]]));
      result[name] = { input: components[name], groups };
    }
    const inputs = base === undefined ? [input] : [input, base];
    return { inputs, ...(result as Record<ComponentName, ComponentResult>) };
  }
}

function readParameters(parameters: readonly [input?: unknown, second?: unknown, third?: unknown]): {
  readonly init: PatternInit;
  readonly options: unknown;
} {
  const [input, second, third] = parameters;
  const isOptions = second === undefined || second === null || isObject(second);
  const base = isOptions ? undefined : toUsvString(second);
  const options = isOptions ? second : third;
  if (input !== undefined && input !== null && !isObject(input)) {
    const init = parseConstructorString(toUsvString(input));
    if (base !== undefined) return { init: { ...init, baseURL: base }, options };
    if (init.protocol === undefined) {
      throw new TypeError(
        `Cannot create a URLPattern: ${JSON.stringify(input)} has no protocol and there is no base URL`,
      );
    }
    return { init, options };
  }
  if (base !== undefined) throw new TypeError("Cannot create a URLPattern: a base URL goes with a string; use baseURL");
  return { init: readInit(input), options };
}

function compile(init: PatternInit, ignoreCase: boolean): Readonly<Record<ComponentName, Component>> {
  const given = processInit(init, "pattern", {});
  const patterns = Object.fromEntries(componentNames.map((name) => [name, given[name] ?? "*"])) as Components;
  // The default port is never in a URL.
  const defaultPort = defaultPorts[patterns.protocol];
  if (defaultPort !== undefined && patterns.port === defaultPort) patterns.port = "";
  const protocol = compileComponent(patterns.protocol, canonicalProtocol, plainOptions);
  const options = { ...plainOptions, ignoreCase };
  return {
    protocol,
    username: compileComponent(patterns.username, canonicalUsername, plainOptions),
    password: compileComponent(patterns.password, canonicalPassword, plainOptions),
    hostname: compileComponent(
      patterns.hostname,
      isIPv6(patterns.hostname) ? canonicalIPv6Hostname : canonicalHostname,
      hostnameOptions,
    ),
    port: compileComponent(patterns.port, (text) => canonicalPort(text), plainOptions),
    pathname: matchesSpecialScheme(protocol)
      ? compileComponent(patterns.pathname, canonicalPathname, { ...pathnameOptions, ignoreCase })
      : compileComponent(patterns.pathname, canonicalOpaquePathname, options),
    search: compileComponent(patterns.search, canonicalSearch, options),
    hash: compileComponent(patterns.hash, canonicalHash, options),
  };
}

function isIPv6(hostname: string): boolean {
  return hostname.length > 1 && /^(?:\[|[{\\]\[)/.test(hostname);
}

function readInput(input: unknown): PatternInput {
  return input === undefined || input === null || isObject(input) ? readInit(input) : toUsvString(input);
}

function readBase(base: unknown): string | undefined {
  return base === undefined ? undefined : toUsvString(base);
}

/** The components of what is to be matched; null when it is no URL. @throws TypeError for a base URL beside an object. */
function componentsOf(input: PatternInput, base: string | undefined): Components | null {
  if (typeof input !== "string") {
    if (base !== undefined) throw new TypeError("Cannot match: a base URL goes with a string; use baseURL");
    try {
      return processInit(input, "url", noComponents) as Components;
    } catch {
      return null;
    }
  }
  const baseRecord = base === undefined ? null : parseUrl(base);
  if (base !== undefined && baseRecord === null) return null;
  const record = parseUrl(input, baseRecord);
  return record === null ? null : componentsOfRecord(record);
}

function componentsOfRecord(record: UrlRecord): Components {
  return {
    protocol: record.scheme,
    username: record.username,
    password: record.password,
    hostname: hostnameOf(record),
    port: record.port === null ? "" : String(record.port),
    pathname: pathOf(record),
    search: record.query ?? "",
    hash: record.fragment ?? "",
  };
}

finishInterface(URLPattern, "URLPattern", { shown: [...componentNames, "hasRegExpGroups"] });
