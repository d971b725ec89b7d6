/** The claims of bench/harness/wait-for.ts. */
import { expect, test } from "vitest";
import { ChildProcess } from "../../../bench/harness/child-process.ts";
import { nodeBinary } from "../../../bench/harness/project-files.ts";
import { waitFor, waitForAnswer } from "../../../bench/harness/wait-for.ts";

test("waitFor() looks again until there is a value, also after errors", async () => {
  let looks = 0;
  const look = async (): Promise<string | null> => {
    looks += 1;
    if (looks === 1) throw new Error("not reachable");
    return looks < 4 ? null : "there";
  };
  expect(await waitFor(look, { what: "it", deadlineMs: 10_000, everyMs: 1 })).toBe("there");
  expect(looks).toBe(4);
});

test("waitFor() gives up at the deadline and names what it waited for and the last error", async () => {
  const waiting = waitFor(() => Promise.reject(new Error("refused")), { what: "the node", deadlineMs: 20, everyMs: 1 });
  await expect(waiting).rejects.toMatchObject({
    message: "Waited 20 ms in vain for the node",
    cause: { message: "refused" },
  });
});

test("waitForAnswer() fails as soon as the process has ended, with what it printed", async () => {
  const args = ["-e", "console.error('port is taken'); process.exitCode = 3"];
  const child = await ChildProcess.start({ name: "server", command: nodeBinary, args, env: {} });
  const waiting = waitForAnswer(child, { url: "http://127.0.0.1:1/", deadlineMs: 120_000 });
  await expect(waiting).rejects.toThrow(/server ended with .*"code":3.*port is taken/s);
});
