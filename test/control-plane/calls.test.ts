/** Asynchronous calls over REST, with nodes as the control plane sees them; destinations are in call-destinations.test.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AsyncConfigResource, CallMessage, CallResource } from "../../sdk/calls.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import { CallSteps, eventOf, failed, result } from "./call-steps.ts";
import { TestNode } from "./test-node.ts";

let steps: CallSteps;
beforeAll(async () => {
  steps = await CallSteps.start();
});
afterAll(() => steps.control.close());
beforeEach(() => steps.connect());
afterEach(() => steps.reset());

describe("POST /v1/functions/:name/invocations with async", () => {
  it("answers 202 with the request id, and a node gets the event under it", async () => {
    const id = await steps.accept("f", { a: [1, "ü"] });
    const call = await steps.handed(id);
    expect(eventOf(call)).toEqual({ a: [1, "ü"] });
    expect(await steps.get(id)).toMatchObject({ state: "running", function: "f", qualifier: "latest", attempts: 0 });
    await steps.report([result(id)]);
    expect(await steps.whenState(id, "finish")).toMatchObject({
      attempts: 1,
      durationMs: 3,
      errorCode: "",
      dueAt: null,
    });
  });

  it("tells the node which alias was asked for", async () => {
    await steps.control.ok("PUT /v1/functions/f/aliases/blue", { body: { version: "v1", waitSeconds: 0 } });
    const call = await steps.handed(await steps.accept("f", 1, { qualifier: "blue" }));
    expect(call).toMatchObject({ qualifier: "blue" });
    expect(call.request.headers).toContainEqual(["x-cff-alias", "blue"]);
  });

  it("gives the node as long as the slower of an alias's versions may take", async () => {
    const source = { kind: "inline", code: "exports.handler = async (event, context) => 1;", language: "js" };
    const body = { source, version: "slow", event: {}, limits: { eventWallMs: 200_000 }, waitSeconds: 0 };
    await steps.control.ok("POST /v1/functions/f/versions", { body });
    const grey = { by: "weight", version: "slow", weight: 1, sticky: null };
    await steps.control.ok("PUT /v1/functions/f/aliases/mixed", { body: { version: "v1", grey, waitSeconds: 0 } });
    const call = await steps.handed(await steps.accept("f", 1, { qualifier: "mixed" }));
    expect(call.timeoutMs).toBe(200_000 + callLimits.slackMs);
  });

  it("takes an event at its limit", async () => {
    const event = "x".repeat(callLimits.eventBytesMax - 2);
    expect(eventOf(await steps.handed(await steps.accept("f", event)))).toBe(event);
  });

  it.each([
    ["an event beyond its limit", "f", { event: "x".repeat(callLimits.eventBytesMax - 1) }, "event"],
    ["no event", "f", {}, "event"],
    ["a phase beside it", "f", { event: 1, phase: "fetch" }, "phase"],
    ["a version that is no event function", "hooks", { event: 1 }, "event"],
  ])("refuses %s and accepts nothing", async (_what, name, body, path) => {
    const before = (await steps.page("limit=1000")).calls.length;
    const refusal = await steps.control.refusal(`POST /v1/functions/${name}/invocations`, {
      body: { ...body, async: true },
    });
    expect(refusal).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    expect(refusal.problems.join("\n")).toMatch(new RegExp(`^${path}: `, "m"));
    expect((await steps.page("limit=1000")).calls).toHaveLength(before);
  });

  it("refuses what does not exist and what is disabled", async () => {
    const ask = (name: string, qualifier: string) =>
      steps.control.refusal(`POST /v1/functions/${name}/invocations`, { body: { event: 1, async: true, qualifier } });
    expect(await ask("none", "latest")).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect(await ask("f", "v99")).toMatchObject({ status: 404, code: "NOT_FOUND" });
    await steps.control.ok("PATCH /v1/functions/g", { body: { enabled: false } });
    expect(await ask("g", "latest")).toMatchObject({ status: 409, code: "CONFLICT" });
    await steps.control.ok("PATCH /v1/functions/g", { body: { enabled: true } });
  });
});

describe("a call that fails", () => {
  it("is tried again under the same id after its wait, and then has failed with the author's error", async () => {
    const id = await steps.accept("f", 1);
    const error = { errorType: "TypeError", errorMessage: "no" };
    const outcome = { status: 500, eventCode: 4002, isFunctionError: true, text: JSON.stringify(error) };
    await steps.handed(id);
    const reportedMs = Date.now();
    await steps.report([result(id, outcome)]);
    await expect.poll(async () => (await steps.get(id)).attempts).toBe(1);
    // Who looks late finds it running again, so that its wait is measured instead.
    expect(await steps.get(id)).toMatchObject({ errorCode: "TypeError", errorMessage: "no" });
    await steps.handed(id);
    expect(Date.now() - reportedMs).toBeGreaterThanOrEqual(callLimits.retryMs);
    await steps.report([result(id, outcome)]);
    expect(await steps.whenState(id, "fail")).toMatchObject({ attempts: 2, errorCode: "TypeError" });
  });

  it("that took too long is a timeout; without retries at once", async () => {
    await steps.control.ok("PUT /v1/functions/f/async-config", { body: { retries: 0 } });
    const id = await steps.accept("f", 1);
    await steps.handed(id);
    await steps.report([result(id, { status: 500, eventCode: 4010, isFunctionError: true, text: "{}" })]);
    expect(await steps.whenState(id, "timeout")).toMatchObject({ attempts: 1, errorCode: "4010" });
    await steps.control.ok("DELETE /v1/functions/f/async-config");
  });

  it("because a node is overloaded was not tried, and is handed out again", async () => {
    const id = await steps.accept("f", 1);
    await steps.handed(id);
    await steps.report([failed(id, "NODE_OVERLOADED")]);
    await steps.handed(id);
    expect(await steps.get(id)).toMatchObject({ state: "running", attempts: 0 });
    await steps.report([result(id)]);
    expect(await steps.whenState(id, "finish")).toMatchObject({ attempts: 1 });
  });

  it("because its host was lost is run again, a bounded number of times", async () => {
    const id = await steps.accept("f", 1);
    for (let losses = 0; losses <= callLimits.lossesMax; losses++) {
      await steps.handed(id);
      await steps.report([failed(id, "HOST_LOST")]);
    }
    expect(await steps.whenState(id, "fail")).toMatchObject({ errorCode: "HOST_LOST" });
  });

  it("because its node went away goes to another one under the same id", async () => {
    steps.node.disconnect();
    await steps.noneConnected();
    const [leaving, staying] = [
      await TestNode.connect(steps.control, "m1"),
      await TestNode.connect(steps.control, "m2"),
    ];
    try {
      for (let index = 0; index < 6; index++) await steps.accept("f", index);
      const taken: CallMessage[] = [];
      while (taken.length < 3) taken.push(...(await leaving.nextCalls()));
      leaving.disconnect();
      const moved = await steps.handed(taken[0]?.id ?? "", staying);
      await steps.report([result(moved.id)], staying);
      expect(await steps.whenState(moved.id, "finish")).toMatchObject({ attempts: 1 });
    } finally {
      staying.disconnect();
    }
  });
});

describe("a call that is too old", () => {
  it("is discarded without having run", async () => {
    steps.node.disconnect();
    await steps.control.ok("PUT /v1/functions/g/async-config", { body: { maxAgeSeconds: 1 } });
    await steps.noneConnected();
    const id = await steps.accept("g", 1);
    expect(await steps.whenState(id, "discard")).toMatchObject({
      attempts: 0,
      errorCode: "CALL_EXPIRED",
      startedAt: null,
    });
    await steps.control.ok("DELETE /v1/functions/g/async-config");
  });

  it("or whose function is gone is discarded when it would run", async () => {
    steps.node.disconnect();
    await steps.control.publish("gone", "exports.handler = async (event, context) => event;", { event: {} });
    await steps.noneConnected();
    const id = await steps.accept("gone", 1);
    await steps.control.ok("DELETE /v1/functions/gone");
    await steps.connect();
    expect(await steps.whenState(id, "discard")).toMatchObject({ errorCode: "NOT_FOUND" });
  });
});

describe("POST /v1/calls/:id/cancel", () => {
  it("ends a running call; its result changes nothing", async () => {
    const id = await steps.accept("f", 1);
    await steps.handed(id);
    expect(await steps.control.ok<CallResource>(`POST /v1/calls/${id}/cancel`)).toMatchObject({ state: "cancel" });
    await steps.report([result(id)]);
    const later = await steps.accept("f", 2);
    await steps.handed(later);
    await steps.report([result(later)]);
    await steps.whenState(later, "finish");
    expect((await steps.get(id)).state).toBe("cancel");
  });

  it("again answers the same; after another end it is a conflict; an unknown one is not found", async () => {
    const id = await steps.accept("f", 1);
    await steps.control.ok(`POST /v1/calls/${id}/cancel`);
    expect(await steps.control.ok<CallResource>(`POST /v1/calls/${id}/cancel`)).toMatchObject({ state: "cancel" });
    const done = await steps.accept("f", 1);
    await steps.handed(done);
    await steps.report([result(done)]);
    await steps.whenState(done, "finish");
    expect(await steps.control.refusal(`POST /v1/calls/${done}/cancel`)).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
    expect(await steps.control.refusal("POST /v1/calls/none/cancel")).toMatchObject({ status: 404 });
  });
});

describe("GET /v1/calls", () => {
  it("lists by function and state, page by page", async () => {
    const ids = [];
    for (let index = 0; index < 3; index++) ids.push(await steps.accept("g", index));
    const first = await steps.page("function=g&limit=2");
    expect(first.calls.map(({ requestId }) => requestId)).toEqual([ids[2], ids[1]]);
    const second = await steps.page(`function=g&limit=2&cursor=${first.next ?? ""}`);
    expect(second.calls[0]?.requestId).toBe(ids[0]);
    expect((await steps.page("function=none")).calls).toEqual([]);
  });

  it.each(["state=lost", "limit=0", `limit=${String(callLimits.pageMax + 1)}`, "cursor=x", "order=asc"])(
    "refuses %s",
    async (query) => {
      expect(await steps.control.refusal(`GET /v1/calls?${query}`)).toMatchObject({
        status: 400,
        code: "INPUT_INVALID",
      });
    },
  );
});

describe("the configuration of a function's calls", () => {
  it("is that of the alias, else of its version, else of the function", async () => {
    await steps.control.ok("PUT /v1/functions/g/aliases/red", { body: { version: "v1", waitSeconds: 0 } });
    const put = (query: string, retries: number) =>
      steps.control.ok<AsyncConfigResource>(`PUT /v1/functions/g/async-config${query}`, { body: { retries } });
    expect(await put("", 3)).toMatchObject({ qualifier: null, retries: 3, maxAgeSeconds: 86_400, onSuccess: null });
    await put("?qualifier=v1", 2);
    await put("?qualifier=red", 0);
    const configs = async () =>
      (await steps.control.ok<{ configs: AsyncConfigResource[] }>("GET /v1/functions/g/async-configs")).configs;
    expect((await configs()).map(({ qualifier }) => qualifier)).toEqual([null, "red", "v1"]);
    const ends = async (qualifier: string): Promise<boolean> => {
      const id = await steps.accept("g", 1, { qualifier });
      await steps.handed(id);
      await steps.report([failed(id, "FUNCTION_THREW")]);
      await expect.poll(async () => (await steps.get(id)).attempts).toBe(1);
      return (await steps.get(id)).state === "fail";
    };
    expect([await ends("red"), await ends("v1")]).toEqual([true, false]);
    await steps.control.ok("DELETE /v1/functions/g/aliases/red");
    expect((await configs()).map(({ qualifier }) => qualifier)).toEqual([null, "v1"]);
    for (const query of ["", "?qualifier=v1"]) await steps.control.ok(`DELETE /v1/functions/g/async-config${query}`);
    expect(await steps.control.refusal("GET /v1/functions/g/async-config")).toMatchObject({ status: 404 });
  });

  it.each([
    [
      { retries: 0, maxAgeSeconds: 1 },
      { retries: -1, maxAgeSeconds: 0 },
    ],
    [
      { retries: 3, maxAgeSeconds: 86_400 },
      { retries: 4, maxAgeSeconds: 86_401 },
    ],
  ])("takes %j and refuses %j", async (allowed, beyond) => {
    expect(await steps.control.ok("PUT /v1/functions/g/async-config", { body: allowed })).toMatchObject(allowed);
    const refusal = await steps.control.refusal("PUT /v1/functions/g/async-config", { body: beyond });
    expect(refusal.problems.map((problem) => problem.split(":")[0])).toEqual(["retries", "maxAgeSeconds"]);
    await steps.control.ok("DELETE /v1/functions/g/async-config");
  });

  it.each([
    ["an unknown key", { tries: 1 }, "tries"],
    ["a destination without kind", { onSuccess: {} }, "onSuccess.kind"],
    ["a URL of another scheme", { onSuccess: { kind: "http", url: "ftp://a.example/" } }, "onSuccess.url"],
    ["a URL with a password", { onFailure: { kind: "http", url: "http://u:p@a.example/" } }, "onFailure.url"],
    ["a function that is not there", { onSuccess: { kind: "function", function: "none" } }, "onSuccess.function"],
    ["a queue's name that cannot be one", { onFailure: { kind: "queue", queue: "../q" } }, "onFailure.queue"],
  ])("refuses %s", async (_what, body, path) => {
    const refusal = await steps.control.refusal("PUT /v1/functions/g/async-config", { body });
    expect(refusal).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    expect(refusal.problems.join("\n")).toContain(`${path}: `);
  });

  it("of an alias or version that is not there is refused", async () => {
    const refusal = await steps.control.refusal("PUT /v1/functions/g/async-config?qualifier=none", { body: {} });
    expect(refusal).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });
});

describe("a restart of the control plane", () => {
  it("loses nothing that was accepted: it is handed out again under the same id", async () => {
    const [waiting, running] = [await steps.accept("f", "waits"), await steps.accept("f", "runs")];
    await steps.handed(running);
    await steps.control.restart();
    await steps.connect();
    const again = new Map<string, unknown>();
    while (again.size < 2) for (const call of await steps.node.nextCalls()) again.set(call.id, eventOf(call));
    expect(again).toEqual(
      new Map([
        [waiting, "waits"],
        [running, "runs"],
      ]),
    );
    await steps.report([result(waiting), result(running)]);
    await steps.whenState(waiting, "finish");
    expect((await steps.whenState(running, "finish")).attempts).toBe(1);
  });
});
