/** Fronts that are killed at any instant leave a store in which all that is found is right, and what was acknowledged is found. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { nodeBinary } from "../../../../bench/harness/project-files.ts";
import { nextRandom, versionOf } from "../../support/described-entry.ts";
import { readEntry } from "../../support/disk-bodies.ts";
import { openFront } from "../../support/disk-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../../support/disk-writer-main.ts", import.meta.url));
const ROUNDS = 12;
const FRONTS = ["a", "b"];

interface Writer {
  readonly process: ChildProcess;
  /** Of the entry it acknowledged last. */
  last: { readonly key: string; readonly version: number } | undefined;
}

async function startWriter(folder: string, args: { readonly name: string; readonly seed: number }): Promise<Writer> {
  const child = spawn(nodeBinary, [program, folder, args.name, String(args.seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const writer: Writer = { process: child, last: undefined };
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    const match = /^(.+) (\d+)$/.exec(lines.at(-1) ?? "");
    if (match?.[1] !== undefined) writer.last = { key: match[1], version: Number(match[2]) };
  });
  await expect.poll(() => writer.last !== undefined, { timeout: 180_000 }).toBe(true);
  return writer;
}

async function kill(writer: Writer): Promise<void> {
  const ended = once(writer.process, "close");
  writer.process.kill("SIGKILL");
  await ended;
}

it(`is right after ${ROUNDS * FRONTS.length} kills of two fronts`, { timeout: 240_000 }, async () => {
  const folder = await temporaryFolder();
  let random = 20_261;
  let checked = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const seeds = FRONTS.map(() => (random = nextRandom(random)));
    const writers = await Promise.all(
      FRONTS.map((name, index) => startWriter(folder, { name, seed: seeds[index] ?? 1 })),
    );
    await delay(random % 150);
    for (const writer of writers) await kill(writer);

    const store = await openFront({ folder });
    for (const key of allKeys()) {
      const read = await readEntry(store, key).catch(() => undefined);
      if (read === undefined) continue;
      checked++;
      expect(versionOf(key, read)).toBeDefined();
    }
    expect(store.stats.damaged).toBe(0);
    await store.close();
  }
  expect(checked).toBeGreaterThan(ROUNDS * 20);
});

function allKeys(): string[] {
  const numbers = Array.from({ length: 20 }, (_item, index) => index);
  const own = FRONTS.flatMap((name) =>
    [1, 2, 3].flatMap((lane) => numbers.map((number) => `${name} ${lane} ${number}`)),
  );
  return [...own, ...numbers.map((number) => `shared ${number}`)];
}

it("finds after a kill what was acknowledged last", { timeout: 120_000 }, async () => {
  const folder = await temporaryFolder();
  let found = 0;
  for (let round = 1; round <= 8; round++) {
    const writer = await startWriter(folder, { name: "a", seed: round * 7_919 });
    await kill(writer);
    const store = await openFront({ folder });
    const { key, version } = writer.last ?? { key: "", version: 0 };
    const read = await readEntry(store, key);
    await store.close();
    // Only a change of the very same entry, begun after it was acknowledged, may have come in between.
    if (read !== undefined && versionOf(key, read) === version) found++;
  }
  expect(found).toBeGreaterThanOrEqual(6);
});
