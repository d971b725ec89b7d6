/** Whom a host's end accuses, when who did it was not seen running. */
import { describe, expect, it } from "vitest";
import { settle } from "../support/fake-clock.ts";
import { fakeHosts, type FakeSet, idleStats } from "./fake-host.ts";

const quarantinedNames = ({ hosts }: FakeSet): string[] =>
  hosts.containment().quarantined.map((version) => version.function);

describe("the end of a host", () => {
  it("convicts nobody who was seen running beside others that may run code unseen, and finds who does", async () => {
    const set = await fakeHosts();
    const [attacker, victim] = [await set.load("attacker"), await set.load("victim")];
    // Its answer is out; a timer that it left behind brings the process down while the victim is served.
    set.ask(attacker);
    set.hostOf("attacker").answer();
    await settle();
    const first = set.ask(victim);
    set.hostOf("victim").die("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual([]);
    expect(set.hosts.containment().suspects).toBe(1);
    set.hostOf("victim").answer();
    await settle();
    expect(first.outcome).toEqual({ kind: "continue" });
    // The victim has moved: what happens where it was is not its doing any more.
    set.ask(attacker);
    await settle();
    const host = set.hostOf("attacker");
    host.answer();
    await settle();
    host.die("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual(["attacker"]);
  });

  it("that a home loses soon after another accuses everybody there, however well who does it times it", async () => {
    const set = await fakeHosts();
    const attacker = await set.load("attacker");
    const victims = await Promise.all(["a", "b", "c"].map((name) => set.load(name)));
    for (const victim of victims) {
      if (quarantinedNames(set).length > 0) break;
      set.ask(attacker);
      await settle();
      const host = set.hostOf("attacker");
      host.answer();
      set.ask(victim);
      await settle();
      // It strikes where it lives, and only there.
      host.die("SIGTRAP");
      await settle();
      for (const answered of set.started) answered.answer();
      await settle();
      expect(["attacker", undefined]).toContain(quarantinedNames(set)[0]);
    }
    expect(quarantinedNames(set)).toEqual(["attacker"]);
  });

  it("that has instances of a version by its own word may have been ended by it", async () => {
    const set = await fakeHosts();
    const [attacker, victim] = [await set.load("attacker"), await set.load("victim")];
    set.ask(attacker);
    set.hostOf("attacker").answer();
    set.ask(victim);
    const host = set.hostOf("victim");
    host.standing = [{ ...idleStats, key: attacker.key, instances: 1 }];
    // Much later than anything that was asked of the attacker.
    for (let minute = 0; minute < 5; minute++) {
      await set.hosts.stats();
      await set.clock.advance(60_000);
    }
    await set.hosts.stats();
    host.die("SIGTRAP");
    await settle();
    expect(quarantinedNames(set)).toEqual([]);
  });
});
