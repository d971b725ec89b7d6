/**
 * Thousands of different small functions on one control plane, each with a rule that leads to it, through the public REST API.
 *
 * Rules are set when all functions of their domain are published, so that a state is made for each domain and not for each function.
 */
import type { RuleInput } from "../../sdk/api.ts";
import { storeLimits } from "../../sdk/limits.ts";
import { oneKilobyteAnswer, oneKilobyteSource } from "../functions/one-kilobyte.ts";
import type { LocalFleet } from "./local-fleet.ts";

/** Builders of a control plane work two at a time; the others are on their way. */
const AT_ONCE = 4;

export interface ManyFunctions {
  readonly from: number;
  /** Not included. A multiple of the rules of one domain, as `from`. */
  readonly to: number;
  readonly note: (text: string) => void;
}

/** Where function `number` is asked for, and what it answers. */
export function functionAt(number: number): { readonly host: string; readonly path: string; readonly answer: string } {
  const path = `/${number}`;
  return { host: domainOf(number), path, answer: oneKilobyteAnswer(number, path) };
}

/** Publishes and binds. Returns the milliseconds that publishing took for each function. */
export async function publishMany(fleet: LocalFleet, { from, to, note }: ManyFunctions): Promise<number> {
  const begunMs = performance.now();
  const { rulesPerDomainMax } = storeLimits;
  for (let first = from; first < to; first += rulesPerDomainMax) {
    const count = Math.min(rulesPerDomainMax, to - first);
    await publishDomain(fleet, { first, count });
    const done = first + count - from;
    if (done % 1_000 === 0) note(`${done} of ${to - from} functions published`);
  }
  return (performance.now() - begunMs) / (to - from);
}

async function publishDomain(
  fleet: LocalFleet,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<void> {
  const { client } = fleet;
  const rules = new Array<RuleInput>();
  let next = first;
  const publishNext = async (): Promise<void> => {
    while (next < first + count) {
      const number = next++;
      const name = `many-${number}`;
      await client.createFunction({ name });
      const source = { kind: "inline", code: oneKilobyteSource(number), language: "js" } as const;
      const { version } = await client.publish(name, { source });
      const match = { matchType: "path", matchContent: `/${number}` } as const;
      rules.push({ phase: "fetch", ...match, function: name, version: version.version, priority: number - first + 1 });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, publishNext));
  await client.setDomain(domainOf(first), { sources: [] });
  await client.setRules(domainOf(first), { rules });
}

function domainOf(number: number): string {
  return `many-${Math.floor(number / storeLimits.rulesPerDomainMax)}.test`;
}
