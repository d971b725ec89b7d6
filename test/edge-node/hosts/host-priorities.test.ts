import { describe, expect, it } from "vitest";
import { HostPriorities } from "../../../edge-node/hosts/host-priorities.ts";
import { FakeHost } from "./fake-host.ts";

function harness(): {
  readonly host: FakeHost;
  readonly priorities: HostPriorities;
  readonly threads: number[];
  readonly said: string[];
} {
  const threads = [7, 70];
  const said: string[] = [];
  const priorities = new HostPriorities({
    threads: () => threads,
    lowerThread: (thread, nice) => said.push(`${thread} to ${nice}`),
    lowerSession: (pid, nice) => said.push(`session of ${pid} to ${nice}`),
  });
  return { host: new FakeHost(7, () => undefined), priorities, threads, said };
}

describe("HostPriorities", () => {
  it.each(["shared", "suspect", "dedicated", "standby", "ending"] as const)(
    "in a %s host all threads but the first give way, each once",
    (kind) => {
      const { host, priorities, threads, said } = harness();
      priorities.look(host, kind);
      priorities.look(host, kind);
      threads.push(71);
      priorities.look(host, kind);
      expect(said).toEqual(["70 to 5", "71 to 5"]);
    },
  );

  it("a thread's id that is used again counts as new", () => {
    const { host, priorities, threads, said } = harness();
    priorities.look(host, "shared");
    threads.pop();
    priorities.look(host, "shared");
    threads.push(70);
    priorities.look(host, "shared");
    expect(said).toEqual(["70 to 5", "70 to 5"]);
  });

  it.each(["noisy", "quarantine"] as const)("a %s host gives way as a whole, and for good", (kind) => {
    const { host, priorities, said } = harness();
    priorities.look(host, kind);
    priorities.look(host, "ending");
    expect(said).toEqual(["session of 7 to 8", "7 to 8", "70 to 8"]);
  });

  it("a process that has ended is left alone: its id may be another's", () => {
    const { host, priorities, said } = harness();
    host.kill();
    priorities.look(host, "shared");
    expect(said).toEqual([]);
  });
});
