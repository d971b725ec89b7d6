/** A handful of programs for real: a node, its neighbour, and what the runner says of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive } from "../../bench/harness/end-descendants.ts";
import { pidsOfTree } from "../../bench/harness/process-memory.ts";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { runCorpus, type CorpusRun } from "./corpus.ts";
import { HostileWorld } from "./hostile-world.ts";
import { countOutcomes, judge, type ProgramRun } from "./judge.ts";
import { parseProgram, readPrograms, type HostileProgram } from "./program-files.ts";

const names = [
  "cpu-eval",
  "cpu-loop",
  "headers-injection",
  "publish-imports",
  "reach-loopback-redirect",
  "stream-endless",
];
/** Says that it got at something: the runner has to notice. */
const traitor = parseProgram(
  "traitor.mjs",
  `// attack: the runner's eyes\nexport default { fetch: () => Response.json({ reached: ["everything"] }) };\n`,
);
let folder: string;
let corpus: CorpusRun;
let pids: readonly number[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-hostile-"));
  const { PATH = "", HOME = "/" } = process.env;
  const world = await HostileWorld.start({ folder, env: { PATH: pathWithNode(PATH), HOME } });
  try {
    const programs = (await readPrograms(join(import.meta.dirname, "programs"), names)).map(withTimeToCompute);
    const signal = new AbortController().signal;
    const options = { world, rootPid: process.pid, signal, quietSeconds: 1, onRun: () => undefined };
    corpus = await runCorpus([...programs, traitor], options);
    pids = await pidsOfTree(world.node.pid);
  } finally {
    await world.stop();
  }
}, 180_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

/** On a busy machine a loop that computes has not had its CPU time when the runner's wall limit is over. */
function withTimeToCompute(program: HostileProgram): HostileProgram {
  return program.name === "cpu-loop" ? { ...program, limits: { ...program.limits, fetchWallMs: 60_000 } } : program;
}

function runOf(name: string): ProgramRun {
  const run = corpus.runs.find((candidate) => candidate.name === name);
  if (run === undefined) throw new Error(`There is no run of ${name}`);
  return run;
}

describe("a run of the corpus", () => {
  it.each(names)("contains %s", (name) => {
    expect(judge(runOf(name)).reasons).toEqual([]);
  });

  it("does not contain a program that says it got at something", () => {
    expect(judge(runOf("traitor")).reasons).toEqual(["reached everything"]);
  });

  it("tells what clients got and what the control plane refused", () => {
    expect(countOutcomes(runOf("cpu-loop").outcomes)).toEqual({ "503 FUNCTION_CPU_LIMIT": 20 });
    // The client leaves when it has had enough, or the function has had its CPU time first, as it may on a slow machine.
    const streamed = countOutcomes(runOf("stream-endless").outcomes);
    expect((streamed["200, endless"] ?? 0) + (streamed["200, cut"] ?? 0)).toBeGreaterThan(0);
    expect(runOf("publish-imports").publish).toMatchObject({ kind: "refused", code: "PUBLISH_REFUSED" });
  });

  it("sees the neighbour and what the node holds", () => {
    expect(corpus.neighbour.requests).toBeGreaterThan(100);
    expect(corpus.before.processes).toBeGreaterThan(3);
    expect(corpus.after.nodeMiB).toBeGreaterThan(50);
  });

  it("leaves no process", async () => {
    // Hosts end with their front, a moment later.
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });
});
