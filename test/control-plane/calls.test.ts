/** Asynchronous calls over REST, with nodes as the control plane sees them. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type {
  AsyncConfigResource,
  CallAccepted,
  CallMessage,
  CallPage,
  CallResource,
  CallResult,
  QueuePage,
} from "../../sdk/calls.ts";
import type { NodeResource } from "../../sdk/api.ts";
import { callLimits } from "../../sdk/limits.ts";
import { answering, TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
let node: TestNode;
beforeAll(async () => {
  control = await TestControlPlane.start();
  const handler = "exports.handler = async (event, context) => event;";
  for (const name of ["f", "g"]) await control.publish(name, handler, { event: {}, version: "v1" });
  await control.publish("hooks", answering("hi"));
});
afterAll(() => control.close());
beforeEach(async () => {
  node = await TestNode.connect(control, "n1");
});
afterEach(async () => {
  node.disconnect();
  for (const { state, requestId } of (await page("limit=1000")).calls) {
    if (state === "wait" || state === "running") await control.ok(`POST /v1/calls/${requestId}/cancel`);
  }
});

const page = (query: string): Promise<CallPage> => control.ok<CallPage>(`GET /v1/calls?${query}`);
const get = (id: string): Promise<CallResource> => control.ok<CallResource>(`GET /v1/calls/${id}`);

async function accept(name: string, event: unknown, qualifier?: string): Promise<string> {
  const body = { event, async: true, ...(qualifier === undefined ? {} : { qualifier }) };
  const { status, body: answer } = await control.call<CallAccepted>(`POST /v1/functions/${name}/invocations`, { body });
  expect(status).toBe(202);
  return answer.requestId;
}

const report = (results: readonly CallResult[], by = node): Promise<unknown> =>
  by.post("/v1/nodes/call-results", { node: by.name, results });
const result = (
  id: string,
  outcome: Partial<Extract<CallResult["outcome"], { kind: "answered" }>> = {},
): CallResult => ({
  id,
  durationMs: 3,
  outcome: { kind: "answered", status: 200, eventCode: 0, isFunctionError: false, text: '"done"', ...outcome },
});
const failed = (id: string, code: "FUNCTION_THREW" | "NODE_OVERLOADED" | "HOST_LOST"): CallResult => ({
  id,
  durationMs: 3,
  outcome: { kind: "failed", code, message: "why" },
});
const eventOf = ({ request }: CallMessage): unknown => JSON.parse(Buffer.from(request.body ?? "", "base64").toString());

/** The call with this id when a node is handed it. */
async function handed(id: string, to = node): Promise<CallMessage> {
  for (;;) {
    const found = (await to.nextCalls()).find((call) => call.id === id);
    if (found !== undefined) return found;
  }
}

async function noneConnected(): Promise<void> {
  const connected = async (): Promise<readonly NodeResource[]> =>
    (await control.ok<{ nodes: NodeResource[] }>("GET /v1/nodes")).nodes.filter((each) => each.connected);
  await expect.poll(connected).toEqual([]);
}

const whenState = (id: string, state: CallResource["state"]): Promise<CallResource> =>
  expect
    .poll(async () => get(id))
    .toMatchObject({ state })
    .then(() => get(id));

describe("POST /v1/functions/:name/invocations with async", () => {
  it("answers 202 with the request id, and a node gets the event under it", async () => {
    const id = await accept("f", { a: [1, "ü"] });
    const call = await handed(id);
    expect(eventOf(call)).toEqual({ a: [1, "ü"] });
    expect(await get(id)).toMatchObject({ state: "running", function: "f", qualifier: "latest", attempts: 0 });
    await report([result(id)]);
    expect(await whenState(id, "finish")).toMatchObject({ attempts: 1, durationMs: 3, errorCode: "", dueAt: null });
  });

  it("tells the node which alias was asked for", async () => {
    await control.ok("PUT /v1/functions/f/aliases/blue", { body: { version: "v1", waitSeconds: 0 } });
    const call = await handed(await accept("f", 1, "blue"));
    expect(call).toMatchObject({ qualifier: "blue" });
    expect(call.request.headers).toContainEqual(["x-cff-alias", "blue"]);
  });

  it("takes an event at its limit", async () => {
    const event = "x".repeat(callLimits.eventBytesMax - 2);
    expect(eventOf(await handed(await accept("f", event)))).toBe(event);
  });

  it.each([
    ["an event beyond its limit", "f", { event: "x".repeat(callLimits.eventBytesMax - 1) }, "event"],
    ["no event", "f", {}, "event"],
    ["a phase beside it", "f", { event: 1, phase: "fetch" }, "phase"],
    ["a version that is no event function", "hooks", { event: 1 }, "event"],
  ])("refuses %s and accepts nothing", async (_what, name, body, path) => {
    const before = (await page("limit=1000")).calls.length;
    const refusal = await control.refusal(`POST /v1/functions/${name}/invocations`, { body: { ...body, async: true } });
    expect(refusal).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    expect(refusal.problems.join("\n")).toMatch(new RegExp(`^${path}: `, "m"));
    expect((await page("limit=1000")).calls).toHaveLength(before);
  });

  it("refuses what does not exist and what is disabled", async () => {
    const ask = (name: string, qualifier: string) =>
      control.refusal(`POST /v1/functions/${name}/invocations`, { body: { event: 1, async: true, qualifier } });
    expect(await ask("none", "latest")).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect(await ask("f", "v99")).toMatchObject({ status: 404, code: "NOT_FOUND" });
    await control.ok("PATCH /v1/functions/g", { body: { enabled: false } });
    expect(await ask("g", "latest")).toMatchObject({ status: 409, code: "CONFLICT" });
    await control.ok("PATCH /v1/functions/g", { body: { enabled: true } });
  });
});

describe("a call that fails", () => {
  it("is tried again under the same id after its wait, and then has failed with the author's error", async () => {
    const id = await accept("f", 1);
    const error = { errorType: "TypeError", errorMessage: "no" };
    const outcome = { status: 500, eventCode: 4002, isFunctionError: true, text: JSON.stringify(error) };
    await handed(id);
    await report([result(id, outcome)]);
    expect(await whenState(id, "wait")).toMatchObject({ attempts: 1, errorCode: "TypeError", errorMessage: "no" });
    await handed(id);
    await report([result(id, outcome)]);
    expect(await whenState(id, "fail")).toMatchObject({ attempts: 2, errorCode: "TypeError" });
  });

  it("that took too long is a timeout; without retries at once", async () => {
    await control.ok("PUT /v1/functions/f/async-config", { body: { retries: 0 } });
    const id = await accept("f", 1);
    await handed(id);
    await report([result(id, { status: 500, eventCode: 4010, isFunctionError: true, text: "{}" })]);
    expect(await whenState(id, "timeout")).toMatchObject({ attempts: 1, errorCode: "4010" });
    await control.ok("DELETE /v1/functions/f/async-config");
  });

  it("because a node is overloaded was not tried, and is handed out again", async () => {
    const id = await accept("f", 1);
    await handed(id);
    await report([failed(id, "NODE_OVERLOADED")]);
    await handed(id);
    expect(await get(id)).toMatchObject({ state: "running", attempts: 0 });
    await report([result(id)]);
    expect(await whenState(id, "finish")).toMatchObject({ attempts: 1 });
  });

  it("because its host was lost is run again, a bounded number of times", async () => {
    const id = await accept("f", 1);
    for (let losses = 0; losses <= callLimits.lossesMax; losses++) {
      await handed(id);
      await report([failed(id, "HOST_LOST")]);
    }
    expect(await whenState(id, "fail")).toMatchObject({ errorCode: "HOST_LOST" });
  });

  it("because its node went away goes to another one under the same id", async () => {
    node.disconnect();
    await noneConnected();
    const [leaving, staying] = [await TestNode.connect(control, "m1"), await TestNode.connect(control, "m2")];
    try {
      for (let index = 0; index < 6; index++) await accept("f", index);
      const taken: CallMessage[] = [];
      while (taken.length < 3) taken.push(...(await leaving.nextCalls()));
      leaving.disconnect();
      const moved = await handed(taken[0]?.id ?? "", staying);
      await report([result(moved.id)], staying);
      expect(await whenState(moved.id, "finish")).toMatchObject({ attempts: 1 });
    } finally {
      staying.disconnect();
    }
  });
});

describe("a call that is too old", () => {
  it("is discarded without having run", async () => {
    node.disconnect();
    await control.ok("PUT /v1/functions/g/async-config", { body: { maxAgeSeconds: 1 } });
    await noneConnected();
    const id = await accept("g", 1);
    expect(await whenState(id, "discard")).toMatchObject({ attempts: 0, errorCode: "CALL_EXPIRED", startedAt: null });
    await control.ok("DELETE /v1/functions/g/async-config");
  });

  it("or whose function is gone is discarded when it would run", async () => {
    node.disconnect();
    await control.publish("gone", "exports.handler = async (event, context) => event;", { event: {} });
    await noneConnected();
    const id = await accept("gone", 1);
    await control.ok("DELETE /v1/functions/gone");
    node = await TestNode.connect(control, "n1");
    expect(await whenState(id, "discard")).toMatchObject({ errorCode: "NOT_FOUND" });
  });
});

describe("POST /v1/calls/:id/cancel", () => {
  it("ends a running call; its result changes nothing", async () => {
    const id = await accept("f", 1);
    await handed(id);
    expect(await control.ok<CallResource>(`POST /v1/calls/${id}/cancel`)).toMatchObject({ state: "cancel" });
    await report([result(id)]);
    const later = await accept("f", 2);
    await handed(later);
    await report([result(later)]);
    await whenState(later, "finish");
    expect((await get(id)).state).toBe("cancel");
  });

  it("again answers the same; after another end it is a conflict; an unknown one is not found", async () => {
    const id = await accept("f", 1);
    await control.ok(`POST /v1/calls/${id}/cancel`);
    expect(await control.ok<CallResource>(`POST /v1/calls/${id}/cancel`)).toMatchObject({ state: "cancel" });
    const done = await accept("f", 1);
    await handed(done);
    await report([result(done)]);
    await whenState(done, "finish");
    expect(await control.refusal(`POST /v1/calls/${done}/cancel`)).toMatchObject({ status: 409, code: "CONFLICT" });
    expect(await control.refusal("POST /v1/calls/none/cancel")).toMatchObject({ status: 404 });
  });
});

describe("GET /v1/calls", () => {
  it("lists by function and state, page by page", async () => {
    const ids = [];
    for (let index = 0; index < 3; index++) ids.push(await accept("g", index));
    const first = await page("function=g&limit=2");
    expect(first.calls.map(({ requestId }) => requestId)).toEqual([ids[2], ids[1]]);
    const second = await page(`function=g&limit=2&cursor=${first.next ?? ""}`);
    expect(second.calls[0]?.requestId).toBe(ids[0]);
    expect((await page("function=none")).calls).toEqual([]);
  });

  it.each(["state=lost", "limit=0", `limit=${String(callLimits.pageMax + 1)}`, "cursor=x", "order=asc"])(
    "refuses %s",
    async (query) => {
      expect(await control.refusal(`GET /v1/calls?${query}`)).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    },
  );
});

describe("the configuration of a function's calls", () => {
  it("is that of the alias, else of its version, else of the function", async () => {
    await control.ok("PUT /v1/functions/g/aliases/red", { body: { version: "v1", waitSeconds: 0 } });
    const put = (query: string, retries: number) =>
      control.ok<AsyncConfigResource>(`PUT /v1/functions/g/async-config${query}`, { body: { retries } });
    expect(await put("", 3)).toMatchObject({ qualifier: null, retries: 3, maxAgeSeconds: 86_400, onSuccess: null });
    await put("?qualifier=v1", 2);
    await put("?qualifier=red", 0);
    const configs = async () =>
      (await control.ok<{ configs: AsyncConfigResource[] }>("GET /v1/functions/g/async-configs")).configs;
    expect((await configs()).map(({ qualifier }) => qualifier)).toEqual([null, "red", "v1"]);
    const fails = async (qualifier: string): Promise<string> => {
      const id = await accept("g", 1, qualifier);
      await handed(id);
      await report([failed(id, "FUNCTION_THREW")]);
      await expect.poll(async () => (await get(id)).attempts).toBe(1);
      return (await get(id)).state;
    };
    expect([await fails("red"), await fails("v1")]).toEqual(["fail", "wait"]);
    await control.ok("DELETE /v1/functions/g/aliases/red");
    expect((await configs()).map(({ qualifier }) => qualifier)).toEqual([null, "v1"]);
    for (const query of ["", "?qualifier=v1"]) await control.ok(`DELETE /v1/functions/g/async-config${query}`);
    expect(await control.refusal("GET /v1/functions/g/async-config")).toMatchObject({ status: 404 });
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
    expect(await control.ok("PUT /v1/functions/g/async-config", { body: allowed })).toMatchObject(allowed);
    const refusal = await control.refusal("PUT /v1/functions/g/async-config", { body: beyond });
    expect(refusal.problems.map((problem) => problem.split(":")[0])).toEqual(["retries", "maxAgeSeconds"]);
    await control.ok("DELETE /v1/functions/g/async-config");
  });

  it.each([
    ["an unknown key", { tries: 1 }, "tries"],
    ["a destination without kind", { onSuccess: {} }, "onSuccess.kind"],
    ["a URL of another scheme", { onSuccess: { kind: "http", url: "ftp://a.example/" } }, "onSuccess.url"],
    ["a URL with a password", { onFailure: { kind: "http", url: "http://u:p@a.example/" } }, "onFailure.url"],
    ["a function that is not there", { onSuccess: { kind: "function", function: "none" } }, "onSuccess.function"],
    ["a queue's name that cannot be one", { onFailure: { kind: "queue", queue: "../q" } }, "onFailure.queue"],
  ])("refuses %s", async (_what, body, path) => {
    const refusal = await control.refusal("PUT /v1/functions/g/async-config", { body });
    expect(refusal).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    expect(refusal.problems.join("\n")).toContain(`${path}: `);
  });

  it("of an alias or version that is not there is refused", async () => {
    const refusal = await control.refusal("PUT /v1/functions/g/async-config?qualifier=none", { body: {} });
    expect(refusal).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });
});

describe("destinations", () => {
  const configure = (name: string, body: object): Promise<unknown> =>
    control.ok(`PUT /v1/functions/${name}/async-config`, { body });
  afterEach(async () => {
    for (const name of ["f", "g"]) await control.call(`DELETE /v1/functions/${name}/async-config`);
  });

  /** The newest call of f once it is one that so many destinations led to. */
  async function newestAt(depth: number): Promise<string> {
    const newest = async (): Promise<CallResource | undefined> => (await page("function=f&limit=1")).calls[0];
    await expect.poll(newest).toMatchObject({ depth });
    return (await newest())?.requestId ?? "";
  }

  async function finish(id: string, outcome: Parameters<typeof result>[1] = {}): Promise<void> {
    await handed(id);
    await report([result(id, outcome)]);
    await whenState(id, "finish");
  }

  it("a function is called with the record of the call", async () => {
    await configure("f", { onSuccess: { kind: "function", function: "g" } });
    const id = await accept("f", { n: 1 });
    await finish(id, { text: '{"ok":true}' });
    let next: CallMessage | undefined;
    while (next?.function !== "g") next = (await node.nextCalls())[0];
    expect(eventOf(next)).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\+00:00$/) as string,
      request_context: {
        request_id: id,
        function_urn: "urn:fss:local:default:function:default:f:latest",
        condition: "Success",
        approximate_invoke_count: 1,
      },
      request_payload: { n: 1 },
      response_context: { status_code: 200, function_error: "" },
      response_payload: { ok: true },
    });
    expect(await get(next.id)).toMatchObject({ depth: 1, function: "g" });
    expect((await get(id)).destination).toEqual({ condition: "success", kind: "function", state: "sent", message: "" });
  });

  it("a function that calls itself by destination ends after the bound, and the last call says why", async () => {
    await configure("f", { onSuccess: { kind: "function", function: "f" } });
    let id = await accept("f", 0);
    for (let depth = 1; depth <= callLimits.depthMax; depth++) {
      await handed(id);
      await report([result(id)]);
      id = await newestAt(depth);
    }
    await handed(id);
    await report([result(id)]);
    await expect
      .poll(async () => (await get(id)).destination)
      .toMatchObject({ state: "failed", message: "destinations called functions 8 times in a row" });
  });

  it("a queue gets records in order; reading and forgetting is by number", async () => {
    await configure("f", { onSuccess: { kind: "queue", queue: "done" } });
    for (const n of [1, 2]) {
      const id = await accept("f", n);
      await finish(id);
      await expect.poll(async () => (await get(id)).destination?.state).toBe("sent");
    }
    const messages = async (query = ""): Promise<QueuePage["messages"]> =>
      (await control.ok<QueuePage>(`GET /v1/queues/done/messages${query}`)).messages;
    expect((await messages()).map(({ body }) => (body as { request_payload: unknown }).request_payload)).toEqual([
      1, 2,
    ]);
    expect(await messages("?after=1")).toHaveLength(1);
    expect(await control.ok("GET /v1/queues")).toEqual({ queues: ["done"] });
    await control.ok("DELETE /v1/queues/done/messages?through=2");
    expect(await messages()).toEqual([]);
    expect(await control.refusal("GET /v1/queues/..%2Fx/messages")).toMatchObject({ code: "INPUT_INVALID" });
  });

  describe("an HTTP destination", () => {
    let server: Server;
    let url: string;
    const requests: { readonly message: IncomingMessage; readonly body: string }[] = [];
    let statuses: number[] = [];
    beforeAll(async () => {
      server = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on("end", () => {
          requests.push({ message: request, body });
          response.writeHead(statuses.shift() ?? 204).end();
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook?key=1`;
    });
    afterAll(() => server.close());
    beforeEach(() => {
      requests.length = 0;
      statuses = [];
    });

    it("is posted the record, again after a failure", async () => {
      await configure("f", { retries: 0, onFailure: { kind: "http", url } });
      statuses = [503];
      const id = await accept("f", "in");
      await handed(id);
      const error = { errorType: "Error", errorMessage: "no" };
      await report([result(id, { status: 500, eventCode: 4002, isFunctionError: true, text: JSON.stringify(error) })]);
      await expect.poll(async () => (await get(id)).destination).toMatchObject({ condition: "failure", state: "sent" });
      expect(requests).toHaveLength(2);
      expect(requests[0]?.message).toMatchObject({ method: "POST", url: "/hook?key=1" });
      expect(requests[0]?.message.headers).toMatchObject({
        "content-type": "application/json",
        "x-cff-request-id": id,
      });
      expect(JSON.parse(requests[1]?.body ?? "")).toMatchObject({
        request_context: { condition: "RetriesExhausted", approximate_invoke_count: 1 },
        response_context: { status_code: 500, function_error: "Error" },
        response_payload: error,
      });
    });

    it("that refuses is not asked again", async () => {
      await configure("f", { onSuccess: { kind: "http", url } });
      statuses = [404];
      const id = await accept("f", 1);
      await finish(id);
      await expect
        .poll(async () => (await get(id)).destination)
        .toMatchObject({ state: "failed", message: "it answered 404" });
      expect(requests).toHaveLength(1);
    });

    it.each(["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]:1/"])(
      "at %s is not connected to",
      async (internal) => {
        await configure("f", { onSuccess: { kind: "http", url: internal } });
        const id = await accept("f", 1);
        await finish(id);
        await expect
          .poll(async () => (await get(id)).destination)
          .toMatchObject({ state: "failed", message: "its address is not allowed" });
      },
    );
  });
});

describe("a restart of the control plane", () => {
  it("loses nothing that was accepted: it is handed out again under the same id", async () => {
    const [waiting, running] = [await accept("f", "waits"), await accept("f", "runs")];
    await handed(running);
    await control.restart();
    node = await TestNode.connect(control, "n1");
    const again = new Map<string, unknown>();
    while (again.size < 2) for (const call of await node.nextCalls()) again.set(call.id, eventOf(call));
    expect(again).toEqual(
      new Map([
        [waiting, "waits"],
        [running, "runs"],
      ]),
    );
    await report([result(waiting), result(running)]);
    await whenState(waiting, "finish");
    expect((await whenState(running, "finish")).attempts).toBe(1);
  });
});
