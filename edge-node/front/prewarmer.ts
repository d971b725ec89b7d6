/**
 * Has functions started that a client is about to ask for: a TLS handshake names its host while the request is a round trip away.
 *
 * Whoever can reach the port can name hosts, so a name is a hint and no more: so many a second, a domain not again for a while, and the driver
 * starts nothing that would cost another function its instance (`Driver.prewarm`).
 */
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import type { Services } from "../pipeline/services.ts";
import type { RoutedDomain } from "../routing/routing.ts";

export type PrewarmerOptions = Pick<Services, "background" | "clock" | "driver" | "routing">;

export class Prewarmer {
  readonly #options: PrewarmerOptions;
  /** When it was expected last. A domain of a new routing is a new one. */
  readonly #expectedMs = new WeakMap<RoutedDomain, number>();
  #secondFromMs = Number.NEGATIVE_INFINITY;
  #namesInSecond = 0;

  constructor(options: PrewarmerOptions) {
    this.#options = options;
  }

  /** A client wants to talk to `serverName`. Returns at once. */
  expect(serverName: string): void {
    const { background, clock, driver, routing } = this.#options;
    const domain = routing().find(serverName.toLowerCase());
    if (domain === undefined || !this.#mayPrewarm(domain, clock.monotonicMs())) return;
    for (const key of keysOf(domain)) background.add("prewarm", driver.prewarm(key));
  }

  #mayPrewarm(domain: RoutedDomain, nowMs: number): boolean {
    const expectedMs = this.#expectedMs.get(domain);
    if (expectedMs !== undefined && nowMs - expectedMs < tlsLimits.prewarmAgainMs) return false;
    if (nowMs - this.#secondFromMs >= 1_000) {
      this.#secondFromMs = nowMs;
      this.#namesInSecond = 0;
    }
    if (this.#namesInSecond >= tlsLimits.prewarmedNamesPerSecond) return false;
    this.#namesInSecond += 1;
    this.#expectedMs.set(domain, nowMs);
    return true;
  }
}

/** The versions of a domain's rules, those first that a request meets first. */
function keysOf({ rules }: RoutedDomain): readonly string[] {
  const { clientRequest, fetch, originPull, originResponse, clientResponse } = rules;
  const inOrder = [...clientRequest, ...originPull, ...fetch, ...originResponse, ...clientResponse];
  return [...new Set(inOrder.flatMap(({ key }) => key ?? []))].slice(0, tlsLimits.prewarmedVersionsMax);
}
