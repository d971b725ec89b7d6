/** What is sent about asynchronous calls that ended: to functions, queues and HTTP. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CallMessage, CallResource, QueuePage } from "../../sdk/calls.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import { CallSteps, eventOf, result } from "./call-steps.ts";

let steps: CallSteps;
beforeAll(async () => {
  steps = await CallSteps.start();
});
afterAll(() => steps.control.close());
beforeEach(() => steps.connect());
afterEach(() => steps.reset());

describe("destinations", () => {
  const configure = (name: string, body: object): Promise<unknown> =>
    steps.control.ok(`PUT /v1/functions/${name}/async-config`, { body });
  afterEach(async () => {
    for (const name of ["f", "g"]) await steps.control.call(`DELETE /v1/functions/${name}/async-config`);
  });

  /** The newest call of f once it is one that so many destinations led to. */
  async function newestAt(depth: number): Promise<string> {
    const newest = async (): Promise<CallResource | undefined> => (await steps.page("function=f&limit=1")).calls[0];
    await expect.poll(newest).toMatchObject({ depth });
    return (await newest())?.requestId ?? "";
  }

  async function finish(id: string, outcome: Parameters<typeof result>[1] = {}): Promise<void> {
    await steps.handed(id);
    await steps.report([result(id, outcome)]);
    await steps.whenState(id, "finish");
  }

  it("a function is called with the record of the call", async () => {
    await configure("f", { onSuccess: { kind: "function", function: "g" } });
    const id = await steps.accept("f", { n: 1 });
    await finish(id, { text: '{"ok":true}' });
    let next: CallMessage | undefined;
    while (next?.function !== "g") next = (await steps.node.nextCalls())[0];
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
    expect(await steps.get(next.id)).toMatchObject({ depth: 1, function: "g" });
    expect((await steps.get(id)).destination).toEqual({
      condition: "success",
      kind: "function",
      state: "sent",
      message: "",
    });
  });

  it("a function that calls itself by destination ends after the bound, and the last call says why", async () => {
    await configure("f", { onSuccess: { kind: "function", function: "f" } });
    let id = await steps.accept("f", 0);
    for (let depth = 1; depth <= callLimits.depthMax; depth++) {
      await steps.handed(id);
      await steps.report([result(id)]);
      id = await newestAt(depth);
    }
    await steps.handed(id);
    await steps.report([result(id)]);
    await expect
      .poll(async () => (await steps.get(id)).destination)
      .toMatchObject({ state: "failed", message: "destinations called functions 8 times in a row" });
  });

  it("a queue gets records in order; reading and forgetting is by number", async () => {
    await configure("f", { onSuccess: { kind: "queue", queue: "done" } });
    for (const n of [1, 2]) {
      const id = await steps.accept("f", n);
      await finish(id);
      await expect.poll(async () => (await steps.get(id)).destination?.state).toBe("sent");
    }
    const messages = async (query = ""): Promise<QueuePage["messages"]> =>
      (await steps.control.ok<QueuePage>(`GET /v1/queues/done/messages${query}`)).messages;
    expect((await messages()).map(({ body }) => (body as { request_payload: unknown }).request_payload)).toEqual([
      1, 2,
    ]);
    expect(await messages("?after=1")).toHaveLength(1);
    expect(await steps.control.ok("GET /v1/queues")).toEqual({ queues: ["done"] });
    await steps.control.ok("DELETE /v1/queues/done/messages?through=2");
    expect(await messages()).toEqual([]);
    expect(await steps.control.refusal("GET /v1/queues/..%2Fx/messages")).toMatchObject({ code: "INPUT_INVALID" });
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
      const id = await steps.accept("f", "in");
      await steps.handed(id);
      const error = { errorType: "Error", errorMessage: "no" };
      await steps.report([
        result(id, { status: 500, eventCode: 4002, isFunctionError: true, text: JSON.stringify(error) }),
      ]);
      await expect
        .poll(async () => (await steps.get(id)).destination)
        .toMatchObject({ condition: "failure", state: "sent" });
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
      const id = await steps.accept("f", 1);
      await finish(id);
      await expect
        .poll(async () => (await steps.get(id)).destination)
        .toMatchObject({ state: "failed", message: "it answered 404" });
      expect(requests).toHaveLength(1);
    });

    it.each(["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]:1/"])(
      "at %s is not connected to",
      async (internal) => {
        await configure("f", { onSuccess: { kind: "http", url: internal } });
        const id = await steps.accept("f", 1);
        await finish(id);
        await expect
          .poll(async () => (await steps.get(id)).destination)
          .toMatchObject({ state: "failed", message: "its address is not allowed" });
      },
    );
  });
});
