import { describe, expect, it } from "vitest";
import { EntryPace } from "../../runtime/isolates/entry-pace.ts";

describe("EntryPace", () => {
  it("an instance is quick once 64 invocations took little", () => {
    const pace = new EntryPace();
    for (let look = 0; look < 63; look += 1) pace.looked(0.1, 1);
    expect(pace.isQuick).toBe(false);
    pace.looked(0.1, 1);
    expect(pace.isQuick).toBe(true);
  });

  it("slow ones prove nothing, and take back half of what was proved", () => {
    const pace = new EntryPace();
    for (let look = 0; look < 1_000; look += 1) pace.looked(5, 10);
    pace.looked(0, 60);
    pace.looked(5, 1);
    pace.looked(0, 33);
    expect(pace.isQuick).toBe(false);
    pace.looked(0, 1);
    expect(pace.isQuick).toBe(true);
  });

  it("what is used beside any invocation counts against it", () => {
    const pace = new EntryPace();
    pace.looked(0, 60);
    pace.looked(3, 0);
    pace.looked(0, 5);
    expect(pace.isQuick).toBe(false);
  });

  it("a batch may take as much longer as it has invocations", () => {
    const pace = quick();
    pace.ran(20, 100);
    expect(pace.isQuick).toBe(true);
    pace.ran(20, 10);
    expect(pace.isQuick).toBe(false);
  });

  it("one long entry sends it back, for twice as many invocations each time, 65,536 at most", () => {
    const pace = quick();
    for (let needed = 128; needed <= 65_536; needed *= 2) {
      pace.ran(6, 1);
      pace.looked(0, needed - 1);
      expect(pace.isQuick).toBe(false);
      pace.looked(0, 1);
      expect(pace.isQuick).toBe(true);
    }
    pace.ran(6, 1);
    pace.looked(0, 65_536);
    expect(pace.isQuick).toBe(true);
  });
});

function quick(): EntryPace {
  const pace = new EntryPace();
  pace.looked(0, 64);
  return pace;
}
