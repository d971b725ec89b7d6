/**
 * A whole front on real sockets, with functions in this process and origins on loopback.
 */
import type { FunctionState } from "../../../sdk/desired-state.ts";
import type { DomainConfig, DomainSource } from "../../../sdk/domain.ts";
import type { Egress } from "../../../sdk/egress.ts";
import type { Rule } from "../../../sdk/rule.ts";
import { systemClock, type Clock } from "../../../edge-node/clock.ts";
import { parseCertificate } from "../../../sdk/certificate.ts";
import { createFront, type Front, type FrontOptions } from "../../../edge-node/front/front.ts";
import type { ServingCertificate } from "../../../edge-node/front/server-certificates.ts";
import type { Logger, LogFields } from "../../../edge-node/logger.ts";
import { createEgressPolicy, type EgressPolicy } from "../../../sdk/egress-policy.ts";
import { compileEgress } from "../../../edge-node/origin/egress-rules.ts";
import type { FunctionLog } from "../../../edge-node/pipeline/services.ts";
import { buildRouting } from "../../../edge-node/routing/routing.ts";
import { loadUws } from "../../../edge-node/uws.ts";
import { certificateOf, type CertificateName } from "../../support/certificates.ts";
import { FunctionDriver, type FunctionBody } from "./function-driver.ts";

export interface EdgeOptions {
  /** Each is published as version `v1`, key `NAME@v1`. */
  readonly functions?: Readonly<Record<string, FunctionBody>>;
  /** Without `matchType` all paths match. */
  readonly rules?: readonly (Pick<Rule, "phase" | "function"> & Partial<Rule>)[];
  /** Of the domain `site.test`. */
  readonly domain?: Partial<DomainConfig>;
  /** Egress lists of functions. */
  readonly egress?: Readonly<Record<string, Partial<Egress>>>;
  /** Ports on loopback that become the domain's sources. */
  readonly origins?: readonly number[];
  readonly front?: Partial<FrontOptions>;
  /** Certificates of test/support; with them the front listens for TLS as well. */
  readonly certificates?: readonly CertificateName[];
}

export interface Edge {
  readonly port: number;
  /** 0 without certificates. */
  readonly tlsPort: number;
  readonly front: Front;
  readonly driver: FunctionDriver;
  readonly logs: FunctionLog[];
  /** What the node itself logged as an error. */
  readonly errors: { readonly event: string; readonly fields: LogFields }[];
  /** Replaces rules and domain of the running front. */
  route(options: EdgeOptions): void;
  close(): Promise<void>;
}

export const loopback: EgressPolicy = createEgressPolicy({ allowNetworks: ["127.0.0.0/8"] });

export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const driver = new FunctionDriver();
  for (const [name, run] of Object.entries(options.functions ?? {})) driver.functions.set(`${name}@v1`, run);
  const logs: FunctionLog[] = [];
  const errors: Edge["errors"] = [];
  const front = createFront({
    uws: loadUws(),
    driver,
    clock: systemClock,
    random: Math.random,
    logger: errorLogger(errors),
    originEgress: loopback,
    functionEgress: loopback,
    cacheBytesMax: 64 * 1024 * 1024,
    requestIdPrefix: "test",
    onLog: (record) => {
      logs.push(record);
    },
    ...options.front,
  });
  const route = (changed: EdgeOptions): void => front.setRouting(routingOf(changed, [...driver.functions.keys()]));
  route(options);
  const port = await front.listen({ host: "127.0.0.1", port: 0 });
  front.setCertificates((options.certificates ?? []).map(servingCertificate));
  const tlsPort = options.certificates === undefined ? 0 : await front.listenTls({ host: "127.0.0.1", port: 0 });
  return { port, tlsPort, front, driver, logs, errors, route, close: () => front.close() };
}

/** A certificate of test/support as a front gets it. */
export function servingCertificate(name: CertificateName): ServingCertificate {
  const parsed = parseCertificate(certificateOf(name), { now: 0 });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join());
  const { chain, facts, key } = parsed.value;
  const { domains, fingerprint } = facts;
  return {
    name,
    domains,
    fingerprint,
    notBefore: Date.parse(facts.notBefore),
    notAfter: Date.parse(facts.notAfter),
    chain,
    key,
  };
}

export function domainConfig(change: Partial<DomainConfig> = {}): DomainConfig {
  return {
    domain: "site.test",
    enabled: true,
    sources: [],
    origin_protocol: "http",
    origin_receive_timeout: 30,
    origin_request_header: [],
    http_response_header: [],
    cache_rules: [],
    force_redirect: { status: "off", redirect_code: 301 },
    ...change,
  };
}

export function loopbackSource(port: number, change: Partial<DomainSource> = {}): DomainSource {
  return {
    origin_type: "ipaddr",
    origin_addr: "127.0.0.1",
    priority: 70,
    weight: 50,
    http_port: port,
    https_port: 443,
    ...change,
  };
}

export function functionState(name: string, change: Partial<FunctionState> = {}): FunctionState {
  const version = { version: "v1", digest: "0".repeat(64), signature: "", variables: {}, sealedSecrets: null };
  return { name, enabled: true, versions: [version], aliases: [], latest: "v1", ...change };
}

/** A clock that stands still until it is moved; its timers fire when it passes them. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #timers: { readonly at: number; readonly fire: () => void }[] = [];

  now(): number {
    return this.#now;
  }
  monotonicMs(): number {
    return this.#now;
  }
  after(delayMs: number, fire: () => void): () => void {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  /** Timers that wait. */
  get timers(): number {
    return this.#timers.length;
  }
  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
    for (const timer of due) timer.fire();
  }
}

function routingOf(options: EdgeOptions, keys: readonly string[]): ReturnType<typeof buildRouting> {
  const sources = (options.origins ?? []).map((port) => loopbackSource(port));
  const names = keys.map((key) => key.replace("@v1", ""));
  return buildRouting(
    {
      format: 1,
      revision: 1,
      publicKey: "",
      functions: names.map((name) => functionState(name)),
      domains: [
        {
          config: domainConfig({ sources, ...options.domain }),
          rules: (options.rules ?? []).map((rule, index) => ({
            matchType: "all",
            version: "v1",
            priority: 100 - index,
            enabled: true,
            stop: false,
            onError: rule.phase.endsWith("Response") ? "continue" : "fail",
            ...rule,
          })),
        },
      ],
    },
    new Map(
      keys.map((key) => {
        const lists = options.egress?.[key.replace("@v1", "")];
        return [key, { key, egress: compileEgress({ allow: null, deny: [], ...lists }) }];
      }),
    ),
  );
}

function errorLogger(errors: Edge["errors"]): Logger {
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields, event) => {
      errors.push({ event, fields });
    },
    child: () => logger,
  };
  return logger;
}
