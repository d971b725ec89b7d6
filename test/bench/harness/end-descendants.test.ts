/** The claims of bench/harness/end-descendants.ts, on real processes. */
import { expect, test } from "vitest";
import { ChildProcess } from "../../../bench/harness/child-process.ts";
import { endDescendants, isAlive } from "../../../bench/harness/end-descendants.ts";
import { nodeBinary } from "../../../bench/harness/project-files.ts";
import { waitFor } from "../../../bench/harness/wait-for.ts";

/** A process with two children, one of which ignores SIGTERM. */
const family = `
  const { spawn } = require("node:child_process");
  const start = (code) => spawn(process.execPath, ["-e", code + "console.log('up'); setInterval(() => {}, 1000)"]);
  const children = [start(""), start("process.on('SIGTERM', () => {});")];
  let up = 0;
  for (const child of children) child.stdout.once("data", () => {
    if (++up === 2) console.log("ready " + children.map(({ pid }) => pid).join(" ") + ";");
  });
`;

test("ends every descendant, also one that ignores SIGTERM, and leaves the root", async () => {
  const root = await ChildProcess.start({ name: "family", command: nodeBinary, args: ["-e", family], env: {} });
  try {
    await waitFor(async () => (root.stdout.includes(";") ? true : null), { what: "ready", deadlineMs: 15_000 });
    const children = (/ready ([\d ]+);/.exec(root.stdout)?.[1] ?? "").split(" ").map(Number);
    expect(children.filter(isAlive)).toHaveLength(2);
    const exits = root.exit;
    await endDescendants(root.pid, 100);
    expect(children.filter(isAlive)).toEqual([]);
    expect(exits).toBeNull();
  } finally {
    await root.stop(0);
  }
});
