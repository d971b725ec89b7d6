/** The claims of bench/harness/process-memory.ts, on this process and a real tree. */
import { expect, test } from "vitest";
import { ChildProcess } from "../../../bench/harness/child-process.ts";
import { watchPeakMemory, memoryMiBOfTree, pidsOfTree } from "../../../bench/harness/process-memory.ts";
import { nodeBinary } from "../../../bench/harness/project-files.ts";
import { waitFor } from "../../../bench/harness/wait-for.ts";

const treeCode = `
  const child = require("node:child_process").spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"]);
  child.stdout.once("data", () => console.log("ready " + child.pid + ";"));
`;

test("a tree holds the process and what it started, and their memory together", async () => {
  const child = await ChildProcess.start({ name: "tree", command: nodeBinary, args: ["-e", treeCode], env: {} });
  try {
    await waitFor(async () => (child.stdout.includes(";") ? true : null), { what: "ready", deadlineMs: 15_000 });
    const grandchild = Number(/ready (\d+);/.exec(child.stdout)?.[1]);
    expect(await pidsOfTree(child.pid)).toEqual([child.pid, grandchild]);
    const [whole, part] = [await memoryMiBOfTree(child.pid), await memoryMiBOfTree(grandchild)];
    expect(part).toBeGreaterThan(10);
    expect(whole).toBeGreaterThan(part + 10);
  } finally {
    await child.stop(0);
  }
});

test("a process that does not exist is an error, not zero memory", async () => {
  await expect(memoryMiBOfTree(2 ** 22 + 1)).rejects.toThrow(/there is no process/);
});

test("watchPeakMemory() tells what was before and the most there was since", async () => {
  const memory = await watchPeakMemory(process.pid);
  const block = Buffer.alloc(64 * 1024 * 1024, 1);
  expect(block.at(-1)).toBe(1);
  const { beforeMiB, peakMiB } = await memory.stop();
  expect(beforeMiB).toBeGreaterThan(1);
  expect(peakMiB).toBeGreaterThanOrEqual(beforeMiB);
});
