import net from "node:net";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../runtime/driver.ts";
import type { InvokeMessage } from "../../../sdk/desired-state.ts";
import { ask, rawExchange } from "../support/client.ts";
import { failedOutcome, textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

/** A function that answers when it is told to. */
function gate(): { readonly run: () => Promise<Outcome>; readonly open: () => void } {
  const opened = Promise.withResolvers<Outcome>();
  return { run: () => opened.promise, open: () => opened.resolve(textOutcome("done")) };
}

describe("drain()", () => {
  it("accepts no connection, answers what is in flight and asks clients to leave", async () => {
    const { run, open } = gate();
    const { port, front, driver } = await edge({
      functions: { waits: run },
      rules: [{ phase: "fetch", function: "waits" }],
    });
    const answer = rawExchange(port, "GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    await expect.poll(() => driver.invocations.length).toBe(1);
    let isDrained = false;
    const drained = front.drain(60_000).then(() => {
      isDrained = true;
    });
    await expect(ask(port, "/")).rejects.toThrow("ECONNREFUSED");
    expect(isDrained).toBe(false);
    open();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n/);
    await drained;
  });

  it("gives up after its time", async () => {
    const { port, front, driver } = await edge({
      functions: { waits: () => new Promise(() => {}) },
      rules: [{ phase: "fetch", function: "waits" }],
    });
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    await expect.poll(() => driver.invocations.length).toBe(1);
    await front.drain(20);
    expect(front.requestsInFlight).toBe(1);
    socket.destroy();
  });
});

it("two fronts share a port; a port that is taken otherwise is refused", async () => {
  const first = await edge({});
  const second = await edge({});
  expect(await second.front.listen({ host: "127.0.0.1", port: first.port })).toBe(first.port);
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as net.AddressInfo;
  await expect(first.front.listen({ host: "127.0.0.1", port })).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}`);
  await new Promise((resolve) => other.close(resolve));
});

it("a request keeps the routing it began with", async () => {
  const { run, open } = gate();
  const functions = { waits: run, after: () => textOutcome("", { headers: "x:y\n" }) };
  const started = await edge({
    functions,
    rules: [
      { phase: "fetch", function: "waits" },
      { phase: "clientResponse", function: "after" },
    ],
  });
  const answer = ask(started.port, "/");
  await expect.poll(() => started.driver.invocations.length).toBe(1);
  started.route({});
  open();
  expect((await answer).headers["x"]).toBe("y");
});

describe("metrics()", () => {
  it("counts answers, cache results, invocations and origin requests", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("x");
    });
    const { port, front } = await edge({
      origins: [source.port],
      functions: { mark: () => ({ kind: "continue" }), fails: () => failedOutcome("FUNCTION_THREW") },
      rules: [
        { phase: "clientRequest", function: "mark" },
        { phase: "clientResponse", function: "fails" },
      ],
    });
    await ask(port, "/");
    await ask(port, "/");
    await ask(port, "/", { host: "unknown.test" });
    const reports = await front.metrics();
    const values = (name: string) =>
      reports
        .find((report) => report.name === name)
        ?.values.map(({ value, labels }) => [value, ...Object.values(labels)]);
    expect(values("selvage_requests_total")).toEqual([
      [2, "site.test", "2xx"],
      [1, "(unknown)", "4xx"],
    ]);
    expect(values("selvage_cache_total")).toEqual([
      [1, "site.test", "miss"],
      [1, "site.test", "hit"],
      [1, "(unknown)", "none"],
    ]);
    expect(values("selvage_invocations_total")).toEqual([
      [2, "mark", "v1", "clientRequest", "continue"],
      [2, "fails", "v1", "clientResponse", "FUNCTION_THREW"],
    ]);
    const origins = reports.find(({ name }) => name === "selvage_origin_seconds")?.values;
    expect(origins?.at(-1)).toMatchObject({ metricName: "selvage_origin_seconds_count", value: 1 });
    expect(values("selvage_requests_in_flight")).toEqual([[0]]);
  });

  it("counts bytes both ways, each source, handshakes and the access log", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("four");
    });
    const { port, front } = await edge({ origins: [source.port] });
    await ask(port, "/");
    await ask(port, "/");
    await expect.poll(() => front.requestsInFlight).toBe(0);
    const reports = await front.metrics();
    const values = (name: string) =>
      reports
        .find((report) => report.name === name)
        ?.values.map(({ value, labels }) => [value, ...Object.values(labels)]);
    const label = `127.0.0.1:${source.port}/443`;
    expect(values("selvage_sent_bytes_total")).toEqual([[8, "site.test"]]);
    expect(values("selvage_cache_collapsed_total")).toEqual([[0, "site.test"]]);
    expect(values("selvage_source_requests_total")).toEqual([[1, "site.test", label]]);
    expect(values("selvage_source_received_bytes_total")).toEqual([[4, "site.test", label]]);
    expect(values("selvage_source_answers_total")).toEqual([[1, "site.test", label, "2xx"]]);
    expect(values("selvage_source_failures_total")).toEqual([]);
    expect(values("selvage_source_well")).toEqual([[1, "site.test", label]]);
    expect(values("selvage_tls_handshakes_total")).toEqual([[0]]);
    expect(values("selvage_access_log_dropped_total")).toEqual([[0]]);
  });
});

describe("invoke()", () => {
  const message = (change: Partial<InvokeMessage> = {}): InvokeMessage => ({
    kind: "invoke",
    id: "i1",
    function: "hello",
    qualifier: "latest",
    phase: "fetch",
    request: {
      method: "POST",
      url: "http://x.test/a b",
      headers: [["X-A", "1"]],
      body: Buffer.from("in").toString("base64"),
    },
    ...change,
  });

  it("runs one hook with the given request and returns its answer and its log", async () => {
    const { front, logs } = await edge({
      functions: {
        hello: ({ url, headers, body }, host) => {
          host.log("info", "a line");
          return textOutcome(`${url} ${headers} ${body.kind}`, { status: 201, headers: "x-b:2\n" });
        },
      },
    });
    const result = await front.invoke(message());
    expect(result).toMatchObject({
      id: "i1",
      outcome: { kind: "response", status: 201, headers: [["x-b", "2"]] },
      logs: [{ message: "a line", function: "hello", version: "v1", requestId: "i1", kind: "line" }],
    });
    const { outcome } = result;
    expect(outcome.kind === "response" && Buffer.from(outcome.body, "base64").toString()).toBe(
      "http://x.test/a%20b x-a:1\n bytes",
    );
    expect(logs).toHaveLength(1);
  });

  it.each([
    [
      "a failure, with its mapped stack in the log",
      message(),
      { kind: "failed", code: "FUNCTION_THREW", message: "boom" },
    ],
    ["an unknown function", message({ function: "nobody" }), { kind: "failed", code: "FUNCTION_UNAVAILABLE" }],
    ["an unknown alias", message({ qualifier: "prod" }), { kind: "failed", code: "FUNCTION_UNAVAILABLE" }],
    [
      "a URL that is none",
      message({ request: { method: "GET", url: "x", headers: [], body: null } }),
      { kind: "failed", code: "REQUEST_MALFORMED" },
    ],
    [
      "a header outside the grammar",
      message({ request: { method: "GET", url: "http://x/", headers: [["a", "b\r\nc:d"]], body: null } }),
      { kind: "failed", code: "REQUEST_MALFORMED" },
    ],
  ])("tells of %s", async (_case, invocation, outcome) => {
    const { front } = await edge({
      functions: { hello: () => failedOutcome("FUNCTION_THREW", "boom", { stack: "at bundle:1:1" }) },
      front: { mapStack: (key, stack) => Promise.resolve(`${key} ${stack} mapped`) },
    });
    const result = await front.invoke(invocation);
    expect(result.outcome).toMatchObject(outcome);
    expect(result.logs[0]?.stack).toBe(result.logs.length === 0 ? undefined : "hello@v1 at bundle:1:1 mapped");
  });
});
