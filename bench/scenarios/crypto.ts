/**
 * WebCrypto in a function beside workerd running the same module: SHA-256 and HMAC verification of 1 KiB and 1 MiB, ES256 verification by jose.
 *
 * Each request performs many operations one after the other, so that what is measured is the operation and not HTTP. Runs alternate between
 * the two. Invariant: every answer is the right digest or verdict.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { bundleOwnCode } from "../../bundler/own-code.ts";
import { publishModule, setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { projectRoot } from "../harness/project-files.ts";
import { startWorkerd } from "../harness/workerd.ts";
import type { Measurement } from "../report/report.ts";
import { median, significant } from "../report/statistics.ts";
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const crypto: Scenario = {
  name: "crypto",
  summary: "SHA-256, HMAC and ES256 in a function, beside workerd running the same module.",
  run,
};

const HOST = "bench.test";
const ROUNDS = 5;

interface Operation {
  readonly name: string;
  readonly path: string;
  /** Operations in one request. */
  readonly count: number;
  readonly answer: string;
  /** Least speed as a share of workerd's. */
  readonly bound: number;
}

const small = { size: 1_024, count: 300, bound: 0.667 };
const large = { size: 1_048_576, count: 20, bound: 1 };

const operations: readonly Operation[] = [
  ...[small, large].flatMap(({ size, count, bound }) => {
    const label = size === small.size ? "1 KiB" : "1 MiB";
    const digest = createHash("sha256").update(messageOf(size)).digest("hex");
    return [
      { name: `SHA-256, ${label}`, path: `/sha256?bytes=${size}&n=${count}`, count, answer: digest, bound },
      { name: `HMAC verify, ${label}`, path: `/hmac?bytes=${size}&n=${count}`, count, answer: "true", bound },
    ];
  }),
  { name: "ES256 verify by jose", path: "/es256?n=100", count: 100, answer: "bench", bound: 0.667 },
];

interface Target {
  readonly name: "selvage" | "workerd";
  readonly url: string;
}

type Rates = ReadonlyMap<string, readonly number[]>;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const moduleFile = await bundleModule(folder);
  const workerd = await startWorkerd({ moduleFile: moduleFile.path, folder: join(folder, "workerd"), env });
  try {
    const fleet = await LocalFleet.start({ folder: join(folder, "fleet"), env });
    try {
      const settings = { SELVAGE_NODE_DRIVER: "process", SELVAGE_NODE_FRONTS: "1" };
      const node = await fleet.startNode({ name: "node", settings });
      const limits = { cpuMs: 30_000 };
      const { version } = await publishModule(fleet, { name: "crypto", code: moduleFile.code, limits });
      const rule = { phase: "fetch", matchType: "all", function: "crypto", version, priority: 1 } as const;
      await setDomain(fleet, { domain: HOST, rules: [rule] });
      const targets: readonly Target[] = [
        { name: "workerd", url: workerd.url },
        { name: "selvage", url: node.edgeUrl },
      ];
      return summarise(await measure(targets, context), workerd.version);
    } finally {
      await fleet.stop();
    }
  } finally {
    await workerd.stop();
  }
}

async function bundleModule(folder: string): Promise<{ readonly path: string; readonly code: string }> {
  const entry = join(projectRoot, "bench/functions/crypto.ts");
  const { code } = await bundleOwnCode(entry, "the crypto function", {
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["worker", "import", "default"],
    target: "es2024",
  });
  const path = join(folder, "crypto.js");
  await mkdir(folder, { recursive: true });
  await writeFile(path, code);
  return { path, code };
}

async function measure(targets: readonly Target[], context: ScenarioContext): Promise<Rates> {
  const rates = new Map<string, number[]>();
  for (const target of targets) {
    for (const operation of operations) await perform(target, operation);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const operation of operations) {
      // Each round starts with the other one.
      for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
        const rate = await rateOf(target, operation, (context.seconds * 1_000) / ROUNDS);
        const key = keyOf(target.name, operation);
        rates.set(key, [...(rates.get(key) ?? []), rate]);
      }
    }
    context.note(`round ${round + 1} of ${ROUNDS}`);
  }
  return rates;
}

/** Operations per second, over requests one after the other for at least `forMs`. */
async function rateOf(target: Target, operation: Operation, forMs: number): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  do {
    await perform(target, operation);
    done += operation.count;
  } while (performance.now() - startedAt < forMs);
  return (done * 1_000) / (performance.now() - startedAt);
}

/** @throws Error when the answer is wrong. */
async function perform(target: Target, operation: Operation): Promise<void> {
  const answer = await sendRequest({ url: `${target.url}${operation.path}`, host: HOST });
  const text = answer.body.toString();
  if (answer.status === 200 && text === operation.answer) return;
  throw new Error(`${target.name}, ${operation.name}: received ${answer.status} ${text.slice(0, 200)}`);
}

function summarise(rates: Rates, workerdVersion: string): ScenarioOutcome {
  const of = (target: Target["name"], operation: Operation): readonly number[] =>
    rates.get(keyOf(target, operation)) ?? [];
  // Round by round: a machine whose speed drifts slows both sides of a pair.
  const ratio = (operation: Operation): number => {
    const peer = of("workerd", operation);
    return significant(median(of("selvage", operation).map((rate, round) => rate / (peer[round] ?? Number.NaN))), 3);
  };
  const results = operations.flatMap((operation): Measurement[] => [
    ...(["selvage", "workerd"] as const).map((target) => ({
      name: `${operation.name}, ${target}`,
      value: significant(median(of(target, operation)), 4),
      unit: "operations/s",
    })),
    { name: `${operation.name}, ratio`, value: ratio(operation), unit: "x" },
  ]);
  const goals = operations.map((operation): JudgedGoal => {
    const { name, bound } = operation;
    return { name: `crypto, ${name}`, comparison: "at-least", bound, scale: "x workerd", value: ratio(operation) };
  });
  return { settings: { rounds: ROUNDS, driver: "process", workerd: workerdVersion }, results, goals };
}

function keyOf(target: Target["name"], operation: Operation): string {
  return `${target} ${operation.name}`;
}

/** The same bytes as bench/functions/crypto.ts has. */
function messageOf(size: number): Uint8Array {
  return new Uint8Array(size).map((_byte, index) => index * 7);
}
