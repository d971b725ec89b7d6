/** Rollouts in steps over a real store, with a clock that the tests move. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MasterKey } from "../../../control-plane/keys/master-key.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { PurgeSource } from "../../../control-plane/purges/purge-source.ts";
import { ChangeSignal } from "../../../control-plane/rollout/change-signal.ts";
import { Fleet } from "../../../control-plane/rollout/fleet.ts";
import { RevisionService } from "../../../control-plane/rollout/revision-service.ts";
import { StateSource } from "../../../control-plane/rollout/state-source.ts";
import { watchGapMs } from "../../../control-plane/staged/advance-rollout.ts";
import { StagedRolloutService } from "../../../control-plane/staged/staged-rollout-service.ts";
import type { AliasRow, Store, StoreTables } from "../../../control-plane/store.ts";
import { openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import { parseDomainInput } from "../../../sdk/domain-document.ts";
import { stagedRolloutLimits } from "../../../sdk/limits.ts";
import type { Rule } from "../../../sdk/rule.ts";
import type { StagedRolloutResource } from "../../../sdk/staged-rollout.ts";
import { FakeClock } from "../fake-clock.ts";
import { versionRow } from "../store/version-row.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const name = { functionName: "hello", alias: "prod" };
const author = { tokenId: "t1" };

let clock: FakeClock;
let store: Store;
let revisions: RevisionService;
let staged: StagedRolloutService;

beforeEach(async () => {
  clock = new FakeClock();
  store = await openSqliteStore({ file: ":memory:", openedAt: createdAt });
  const signal = new ChangeSignal();
  const states = new StateSource({ store, masterKey: MasterKey.fromBytes(new Uint8Array(32)), publicKey: "k" });
  const fleet = new Fleet({ states, purges: new PurgeSource(store), clock, logger: silentLogger, signal });
  revisions = new RevisionService({ store, clock, fleet, signal });
  staged = service();
  await store.change(async ({ functions, versions, aliases }) => {
    await functions.insert({ name: "hello", description: "", enabled: true, createdAt });
    await versions.insert(versionRow({ version: "v1" }));
    await versions.insert(versionRow({ version: "v2" }));
    await aliases.put({
      function: "hello",
      name: "prod",
      version: "v1",
      grey: null,
      previous: [],
      updatedAt: createdAt,
    });
  });
});
afterEach(() => store.close());

function service(): StagedRolloutService {
  let ids = 0;
  return new StagedRolloutService({
    store,
    revisions,
    clock,
    logger: silentLogger,
    uniqueId: () => `r${String(++ids)}`,
  });
}

const begin = (input: object = {}): Promise<StagedRolloutResource> =>
  staged.begin(name, { input: { steps: [5, 50, 100], everySeconds: 60, ...input }, author });

async function alias(): Promise<Pick<AliasRow, "version" | "grey">> {
  const row = await store.read(({ aliases }) => aliases.get("hello", "prod"));
  return { version: row?.version ?? "", grey: row?.grey ?? null };
}

/** Looks once a second for so long. */
async function watch(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1_000);
    await staged.tick();
  }
}

function note(version: string, { invocations, errors = 0 }: { invocations: number; errors?: number }): void {
  staged.note([{ function: "hello", version, invocations, errors, rejected: 0, durations: [[10, invocations]] }]);
}

/** Audit records of what rollouts did by themselves, oldest first. */
async function records(): Promise<readonly (readonly string[])[]> {
  const found = await store.read(({ audit }) => audit.list({}, { before: null, limit: 100 }));
  expect(found.every(({ actor, resource }) => actor === "rollout" && resource === "function/hello/alias/prod")).toBe(
    true,
  );
  return found.toReversed().map(({ action, detail, level }) => [action, detail, level]);
}

const grey = (weight: number) => ({ by: "weight", version: "v2", weight, sticky: null });
const state = async (): Promise<string> => (await staged.get("r1")).state;

describe("a rollout", () => {
  it("gives the alias each step for its time, and names the new version alone at the end", async () => {
    expect(await begin()).toMatchObject({
      id: "r1",
      state: "running",
      step: 0,
      old: { version: "v1" },
      new: { version: "v2" },
    });
    expect(await alias()).toEqual({ version: "v1", grey: grey(5) });
    await watch(59);
    expect(await alias()).toEqual({ version: "v1", grey: grey(5) });
    await watch(1);
    expect(await alias()).toEqual({ version: "v1", grey: grey(50) });
    await watch(60);
    expect(await alias()).toEqual({ version: "v1", grey: grey(100) });
    await watch(60);
    expect([await alias(), await state()]).toEqual([{ version: "v2", grey: null }, "done"]);
    expect(await records()).toEqual([
      ["advanceRollout", "rollout=r1 version=v2 percent=50", "normal"],
      ["advanceRollout", "rollout=r1 version=v2 percent=100", "normal"],
      ["completeRollout", "rollout=r1 version=v2 percent=100", "normal"],
    ]);
  });

  it("goes back by itself when the new version is worse, and says why", async () => {
    await begin();
    note("v1", { invocations: 1_000, errors: 2 });
    note("v2", { invocations: 50, errors: 20 });
    await watch(1);
    expect(await alias()).toEqual({ version: "v1", grey: null });
    const { endedAt, reason, state: ended, new: fresh } = await staged.get("r1");
    expect([ended, reason]).toEqual(["aborted", "error-rate>1%: 40.0 % of 50 failed, of the old version 0.200 %"]);
    expect(await records()).toEqual([["abortRollout", `rollout=r1 version=v2 percent=0 reason=${reason}`, "incident"]]);
    expect([fresh.errors, fresh.invocations, endedAt === null]).toEqual([20, 50, false]);
  });

  it("goes back in its last step, too", async () => {
    await begin({ steps: [100], everySeconds: 10 });
    await watch(5);
    note("v2", { invocations: 50, errors: 50 });
    await watch(1);
    expect([await alias(), await state()]).toEqual([{ version: "v1", grey: null }, "aborted"]);
  });

  it("adds up what comes in, and judges the present step by itself", async () => {
    await begin({ steps: [5, 100] });
    for (let second = 0; second < 60; second++) {
      note("v1", { invocations: 100 });
      note("v2", { invocations: 10 });
      await watch(1);
    }
    const { old, new: fresh, step } = await staged.get("r1");
    expect([old.invocations, fresh.invocations, step]).toEqual([6_000, 600, 1]);
    note("v2", { invocations: 20, errors: 5 });
    await watch(1);
    expect(await state()).toBe("aborted");
  });

  it("is left alone by versions and functions of no concern", async () => {
    await begin();
    note("v3", { invocations: 100, errors: 100 });
    staged.note([{ function: "other", version: "v2", invocations: 9, errors: 9, rejected: 0, durations: [] }]);
    await watch(2);
    expect((await staged.get("r1")).new.invocations).toBe(0);
  });

  it("counts rejections as errors", async () => {
    await begin();
    staged.note([{ function: "hello", version: "v2", invocations: 10, errors: 0, rejected: 10, durations: [] }]);
    await watch(1);
    expect(await state()).toBe("aborted");
  });

  it("goes back when a node says that it cannot run the new version", async () => {
    await begin();
    const failure = { function: "hello", version: "v2", code: "FUNCTION_LOAD_FAILED", message: "damaged" } as const;
    await store.change(async ({ nodes, revisions: table }) => {
      await nodes.register({ name: "n1", selvageVersion: "", nodeVersion: "", runtimeKey: "", driver: "process" }, "");
      const { revision } = await table.current();
      await nodes.acknowledge({ node: "n1", revision, applyMs: 1, failures: [failure], ackedAt: createdAt });
    });
    await watch(1);
    expect((await staged.get("r1")).reason).toBe('node "n1" cannot run version "v2": FUNCTION_LOAD_FAILED: damaged');
  });
});

describe("a rollout whose next step is refused", () => {
  /** A second function whose rollout a rule keeps from ending: its new version lacks the hook. */
  async function beginRefused(): Promise<void> {
    await store.change(async ({ functions, versions, aliases }) => {
      await functions.insert({ name: "other", description: "", enabled: true, createdAt });
      await versions.insert(versionRow({ function: "other", version: "v1" }));
      await versions.insert(versionRow({ function: "other", version: "v2", hooks: ["clientRequest"] }));
      const row = { function: "other", name: "live", version: "v1", grey: null, previous: [], updatedAt: createdAt };
      await aliases.put(row);
    });
    const input = { steps: [50, 100], everySeconds: 2 };
    await staged.begin({ functionName: "other", alias: "live" }, { input, author });
    const parsed = parseDomainInput({}, "a.example.com");
    if (!parsed.ok) throw new Error("the domain does not parse");
    const rule: Rule = {
      phase: "fetch",
      matchType: "all",
      function: "other",
      alias: "live",
      priority: 1,
      enabled: true,
      stop: false,
      onError: "fail",
    };
    const { config } = parsed.value;
    await store.change(({ domains }) => domains.put({ config, rules: [rule], updatedAt: createdAt, version: 1 }));
  }

  it("goes back, and says what was refused", async () => {
    await beginRefused();
    await watch(2);
    const reason = 'its next step was refused: Version "v2" lacks hooks that rules bind through alias "live".';
    expect(await staged.get("r1")).toMatchObject({ state: "aborted", step: 0, reason });
    const row = await store.read(({ aliases }) => aliases.get("other", "live"));
    expect(row).toMatchObject({ version: "v1", grey: null });
    const [record] = await store.read(({ audit }) => audit.list({}, { before: null, limit: 1 }));
    expect(record).toMatchObject({ action: "abortRollout", resource: "function/other/alias/live", level: "incident" });
  });

  it("keeps no other from its steps", async () => {
    await begin();
    clock.advance(1);
    await beginRefused();
    await watch(60);
    expect(await alias()).toEqual({ version: "v1", grey: grey(50) });
  });
});

describe("a rollout whose look fails", () => {
  it("keeps no other from its steps", async () => {
    await begin();
    await store.change(({ aliases }) =>
      aliases.put({
        function: "hello",
        name: "next",
        version: "v1",
        grey: null,
        previous: [],
        updatedAt: createdAt,
      }),
    );
    clock.advance(1);
    await staged.begin({ ...name, alias: "next" }, { input: { steps: [100], everySeconds: 60 }, author });
    const real = store.change.bind(store);
    store.change = (work) =>
      real((tables) => {
        const rows = tables.stagedRollouts;
        const stagedRollouts: StoreTables["stagedRollouts"] = {
          get: (id) => (id === "r2" ? Promise.reject(new Error("damaged row")) : rows.get(id)),
          list: (query) => rows.list(query),
          put: (row) => rows.put(row),
          forgetOldest: () => rows.forgetOldest(),
        };
        return work({ ...tables, stagedRollouts });
      });
    await watch(60);
    expect(await alias()).toEqual({ version: "v1", grey: grey(50) });
  });
});

describe("somebody else", () => {
  it("who moves the alias ends the rollout, and the alias stays", async () => {
    await begin();
    const moved = { function: "hello", name: "prod", version: "v2", grey: null, previous: [], updatedAt: createdAt };
    await store.change(({ aliases }) => aliases.put(moved));
    await watch(1);
    expect([await alias(), await state()]).toEqual([{ version: "v2", grey: null }, "superseded"]);
  });

  it("who deletes the alias ends it as well", async () => {
    await begin();
    await store.change(({ aliases }) => aliases.delete("hello", "prod"));
    await watch(1);
    expect(await state()).toBe("superseded");
  });

  it("may cancel: the alias goes back, and no second time", async () => {
    await begin();
    expect((await staged.cancel("r1")).state).toBe("cancelled");
    expect(await alias()).toEqual({ version: "v1", grey: null });
    await expect(staged.cancel("r1")).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(staged.cancel("none")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a control plane that was away", () => {
  it("goes on where it was, and the step lasts its whole time under watch", async () => {
    await begin();
    await watch(30);
    clock.advance(600_000);
    staged = service();
    await watch(59);
    expect(await alias()).toEqual({ version: "v1", grey: grey(5) });
    await watch(3);
    expect(await alias()).toEqual({ version: "v1", grey: grey(50) });
  });

  it("a short gap counts as watched", async () => {
    await begin();
    await watch(30);
    clock.advance(watchGapMs - 1_000);
    await watch(21);
    expect(await alias()).toEqual({ version: "v1", grey: grey(50) });
  });

  it("what came in while the store failed is counted later", async () => {
    await begin();
    let isFull = true;
    const real = revisions.change.bind(revisions);
    revisions.change = (work) => (isFull ? Promise.reject(new Error("full")) : real(work));
    await watch(1);
    note("v2", { invocations: 7 });
    await watch(1);
    note("v2", { invocations: 5 });
    isFull = false;
    await watch(1);
    expect((await staged.get("r1")).new.invocations).toBe(12);
  });
});

describe("what is asked", () => {
  it.each<[string, object, string]>([
    ["no steps", { steps: [] }, "steps"],
    ["steps that do not end with 100", { steps: [5, 50] }, "steps"],
    ["steps that shrink", { steps: [50, 5, 100] }, "steps"],
    ["a step of 0", { steps: [0, 100] }, "steps"],
    ["a step beyond 100", { steps: [5, 101] }, "steps"],
    [
      "too many steps",
      {
        steps: Array.from(
          { length: stagedRolloutLimits.stepsMax + 1 },
          (_, step) => 100 - stagedRolloutLimits.stepsMax + step,
        ),
      },
      "steps",
    ],
    ["no time", { everySeconds: 0 }, "everySeconds"],
    ["more than a day", { everySeconds: stagedRolloutLimits.everySecondsMax + 1 }, "everySeconds"],
    ["an unknown condition", { abortIf: ["cpu>1%"] }, "abortIf[0]"],
    ["an unknown key", { speed: 1 }, "speed"],
    ["a sticky key of nowhere", { sticky: { from: "query", name: "a" } }, "sticky.from"],
  ])("%s is refused", async (_case, input, path) => {
    await expect(begin(input)).rejects.toMatchObject({
      code: "INPUT_INVALID",
      problems: expect.arrayContaining([expect.objectContaining({ path })]) as unknown,
    });
    expect(await alias()).toEqual({ version: "v1", grey: null });
  });

  it("takes the most steps there may be, and the longest", async () => {
    const { everySecondsMax, stepsMax } = stagedRolloutLimits;
    const steps = Array.from({ length: stepsMax }, (_, step) => 100 - stepsMax + step + 1);
    expect(await begin({ steps, everySeconds: everySecondsMax })).toMatchObject({ steps });
  });

  it("goes to the version published last unless told otherwise", async () => {
    await store.change(({ versions }) => versions.insert(versionRow({ version: "v3" })));
    expect((await begin({ to: "v2" })).new.version).toBe("v2");
  });

  it.each<[string, object, string]>([
    ["an unknown version", { to: "v9" }, "NOT_FOUND"],
    ["the version it names already", { to: "v1" }, "CONFLICT"],
  ])("%s is refused", async (_case, input, code) => {
    await expect(begin(input)).rejects.toMatchObject({ code });
  });

  it("a second one at the same alias is refused while the first runs", async () => {
    await begin();
    await expect(begin()).rejects.toMatchObject({ code: "CONFLICT" });
    await staged.cancel("r1");
    expect((await begin()).id).toBe("r2");
    expect((await staged.list({ functionName: "hello" })).map(({ id }) => id)).toContain("r1");
    expect((await staged.list({ state: "running" })).map(({ id }) => id)).toEqual(["r2"]);
  });

  it("beside a grey version that somebody set is refused", async () => {
    const row = { function: "hello", name: "prod", version: "v1", previous: [], updatedAt: createdAt };
    await store.change(({ aliases }) =>
      aliases.put({ ...row, grey: { by: "weight", version: "v2", weight: 1, sticky: null } }),
    );
    await expect(begin()).rejects.toMatchObject({ code: "CONFLICT" });
  });
});
