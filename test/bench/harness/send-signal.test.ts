import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { sendSignal } from "../../../bench/harness/send-signal.ts";

describe("sendSignal", () => {
  it("reaches a process, and says of one that has ended that it is gone", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    expect(sendSignal(pid, 0)).toBe(true);
    const ended = once(child, "exit");
    expect(sendSignal(pid, "SIGKILL")).toBe(true);
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(sendSignal(pid, 0)).toBe(false);
    expect(sendSignal(-pid, "SIGKILL")).toBe(false);
  });
});
