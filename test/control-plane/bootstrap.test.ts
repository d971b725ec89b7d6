import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bootstrap, type BootstrapOptions } from "../../control-plane/bootstrap.ts";
import { systemClock } from "../../control-plane/clock.ts";
import type { Store } from "../../control-plane/store.ts";
import { openSqliteStore } from "../../control-plane/store/sqlite.ts";
import { TokenService } from "../../control-plane/tokens/token-service.ts";

let data: string;
let store: Store;
let lines: string[];
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "selvage-bootstrap-"));
  store = await openSqliteStore({ file: ":memory:", openedAt: "2026-01-01T00:00:00.000Z" });
  lines = [];
});
afterEach(async () => {
  await store.close();
  await rm(data, { recursive: true });
});

let ids = 0;
const options = (changes: Partial<BootstrapOptions> = {}): BootstrapOptions => ({
  store,
  tokens: new TokenService({ store, clock: systemClock, uniqueId: () => String(++ids) }),
  clock: systemClock,
  data,
  masterKeyFile: join(data, "master.key"),
  adminToken: null,
  announce: (line) => lines.push(line),
  ...changes,
});

const rolesInStore = async (): Promise<string[]> =>
  (await store.read(({ tokens }) => tokens.list())).map(({ role }) => role).sort();

describe("bootstrap()", () => {
  it("makes keys and two tokens at the first start, and finds the same keys later", async () => {
    const first = await bootstrap(options());
    expect([await rolesInStore(), lines.length]).toEqual([["admin", "node"], 1]);
    const second = await bootstrap(options());
    expect(second.signingKey).toEqual(first.signingKey);
    expect([await rolesInStore(), lines.length]).toEqual([["admin", "node"], 1]);
  });

  it("makes tokens that are recognised", async () => {
    const { tokens } = options();
    await bootstrap(options());
    const [admin = ""] = lines.map((line) => line.replace("Administrator token (shown once): ", ""));
    const node = (await readFile(join(data, "node-token"), "utf8")).trim();
    expect((await tokens.authenticate(admin))?.role).toBe("admin");
    expect((await tokens.authenticate(node))?.role).toBe("node");
    for (const wrong of ["", `${admin}x`, "x".repeat(1_000)]) expect(await tokens.authenticate(wrong)).toBeNull();
  });

  it("starts again from nothing when the first start broke off before it was stored", async () => {
    const broken = options({
      announce: () => {
        throw new Error("crash");
      },
    });
    await expect(bootstrap(broken)).rejects.toThrow("crash");
    expect(await rolesInStore()).toEqual([]);
    await bootstrap(options());
    expect([await rolesInStore(), lines.length]).toEqual([["admin", "node"], 1]);
    const node = (await readFile(join(data, "node-token"), "utf8")).trim();
    expect((await options().tokens.authenticate(node))?.role).toBe("node");
  });

  it("starts with revision 1, so that a node always has a state to acknowledge", async () => {
    await bootstrap(options());
    expect((await store.read(({ revisions }) => revisions.current())).revision).toBe(1);
  });

  it("refuses a missing master key instead of making another one", async () => {
    await bootstrap(options());
    await rm(join(data, "master.key"));
    await expect(bootstrap(options())).rejects.toThrow(/^Cannot start: the master key is missing/);
  });

  it("refuses another master key", async () => {
    await bootstrap(options());
    await writeFile(join(data, "master.key"), "0".repeat(64));
    await expect(bootstrap(options())).rejects.toThrow(
      /^Cannot start: the master key is not the one this store was encrypted under: received .*master\.key, allowed: a copy/,
    );
  });

  it("sets a store up once when two control planes start on it at once, and keeps no key that fits nothing", async () => {
    const other = join(data, "other");
    await mkdir(other);
    const starts = await Promise.allSettled([
      bootstrap(options()),
      bootstrap(options({ data: other, masterKeyFile: join(other, "master.key") })),
    ]);
    expect([await rolesInStore(), lines.length]).toEqual([["admin", "node"], 1]);
    const refused = starts.findIndex(({ status }) => status === "rejected");
    expect(String((starts[refused] as PromiseRejectedResult).reason)).toContain("the master key is not the one");
    expect(await readdir(refused === 0 ? data : other)).not.toContain("master.key");
    expect(await readdir(refused === 0 ? data : other)).not.toContain("node-token");
  });

  it("refuses a master key that others may read, and one that is none", async () => {
    await bootstrap(options());
    await chmod(join(data, "master.key"), 0o640);
    await expect(bootstrap(options())).rejects.toThrow(/others may read it: received mode 640/);
    await chmod(join(data, "master.key"), 0o600);
    await writeFile(join(data, "master.key"), "not a key");
    await expect(bootstrap(options())).rejects.toThrow(/does not hold 64 hexadecimal digits/);
  });
});
