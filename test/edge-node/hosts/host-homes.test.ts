/** What becomes of a host whose link and whose process do not end together. */
import { describe, expect, it } from "vitest";
import { settle } from "../support/fake-clock.ts";
import { fakeHosts, type FakeSet } from "./fake-host.ts";

const quarantinedNames = ({ hosts }: FakeSet): string[] =>
  hosts.containment().quarantined.map((version) => version.function);

describe("a host", () => {
  it("that is over, and whose link does not say so, leaves nobody waiting and is judged as any other", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    const asked = [set.ask(bomb), set.ask(bomb, "unsafe")];
    set.hostOf("bomb").vanish("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual(["bomb"]);
    set.hostOf("bomb").answer();
    await settle();
    expect(asked.map(({ outcome }) => outcome)).toMatchObject([{ kind: "continue" }, { code: "HOST_LOST" }]);
    expect(set.hosts.containment()).toMatchObject({ repeated: 1, notRepeated: 1, deaths: { crash: 1 } });
  });

  it("that says what nobody can read is killed at once, and its crash is judged, not that it was killed then", async () => {
    const set = await fakeHosts();
    const bomb = await set.load("bomb");
    const asked = set.ask(bomb);
    const first = set.hostOf("bomb");
    first.lose(new Error("Cannot read frame: its kind is unknown"));
    expect(first.ended).toBe(true);
    await settle();
    expect(quarantinedNames(set)).toEqual(["bomb"]);
    expect(set.hosts.containment()).toMatchObject({ repeated: 1, deaths: { crash: 1, killed: 0 } });
    expect(set.logger.count("isolate_host_unreadable")).toBe(1);
    set.hostOf("bomb").answer();
    await settle();
    expect(asked.outcome).toEqual({ kind: "continue" });
  });
});
