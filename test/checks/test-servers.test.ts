import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findNats } from "../../bench/harness/nats-server.ts";
import { describeMissing, missingServers } from "./test-servers.ts";

const there = { kind: "available" } as const;

describe("missingServers()", () => {
  it("names nothing when everything is there", () => {
    expect(describeMissing(missingServers({ postgres: there, nats: there }))).toBe("");
  });

  it("names each that is missing, why, and what is not tested for it", () => {
    const missing = missingServers({
      postgres: { kind: "missing", reason: "no package" },
      nats: { kind: "missing", reason: "no program" },
    });
    expect(describeMissing(missing)).toBe(
      "missing PostgreSQL: no package; not tested: the control plane's store on PostgreSQL\n" +
        "missing NATS: no program; not tested: asynchronous calls in a queue that several control planes share\n",
    );
  });
});

describe("findNats()", () => {
  it("takes the program in PATH before that of the system", async () => {
    const folder = await mkdtemp(join(tmpdir(), "selvage-find-"));
    const program = join(folder, "nats-server");
    await writeFile(program, "");
    expect(findNats(`/nonexistent:${folder}`)).not.toEqual({ kind: "available", program });
    await chmod(program, 0o755);
    expect(findNats(`/nonexistent:${folder}`)).toEqual({ kind: "available", program });
    await rm(folder, { recursive: true });
  });
});
