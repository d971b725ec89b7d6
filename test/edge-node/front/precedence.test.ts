import { describe, expect, it } from "vitest";
import { setHeader } from "../../../sdk/header-text.ts";
import { ask, errorCode } from "../support/client.ts";
import { loopbackSource } from "../support/edge.ts";
import { textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

/** A request hook that sets a header. */
const sets =
  (name: string, value: string): FunctionBody =>
  ({ method, url, headers }) => ({
    kind: "request",
    method,
    url,
    headers: setHeader(headers, name, value),
    body: { kind: "same" },
  });

/** A response hook that sets a header. */
const marks =
  (name: string, value: string): FunctionBody =>
  ({ response }) => ({
    kind: "response",
    status: response?.status ?? 0,
    headers: setHeader(response?.headers ?? "", name, value),
    body: { kind: "same" },
  });

const goesTo =
  (path: string): FunctionBody =>
  ({ method, headers }) => ({
    kind: "request",
    method,
    url: `http://site.test${path}`,
    headers,
    body: { kind: "same" },
  });

const echoHeader = (name: string) =>
  origin((request, response) => {
    response.setHeader("x-path", request.url ?? "");
    response.end(String(request.headers[name]));
  });

describe("who has the last word:", () => {
  it("originPull functions over the configuration of origin request headers", async () => {
    const source = await echoHeader("x-who");
    const { port, driver } = await edge({
      origins: [source.port],
      domain: { origin_request_header: [{ name: "X-Who", value: "configuration", action: "set" }] },
      functions: { pull: sets("x-who", "function") },
      rules: [{ phase: "originPull", function: "pull" }],
    });
    expect((await ask(port, "/")).text).toBe("function");
    expect(driver.invocations[0]?.headers).toContain("x-who:configuration\n");
  });

  it("the configuration of origin request headers over clientRequest functions", async () => {
    const source = await echoHeader("x-who");
    const { port } = await edge({
      origins: [source.port],
      domain: { origin_request_header: [{ name: "X-Who", value: "configuration", action: "set" }] },
      functions: { request: sets("x-who", "function") },
      rules: [{ phase: "clientRequest", function: "request" }],
    });
    expect((await ask(port, "/")).text).toBe("configuration");
  });

  it("the configuration of response headers over clientResponse functions", async () => {
    const source = await origin((_request, response) => response.end("x"));
    const { port, driver } = await edge({
      origins: [source.port],
      domain: {
        http_response_header: [
          { name: "X-Who", value: "configuration", action: "set" },
          { name: "X-Gone", action: "delete" },
        ],
      },
      functions: { response: marks("x-who", "function"), gone: marks("x-gone", "1") },
      rules: [
        { phase: "clientResponse", function: "response" },
        { phase: "clientResponse", function: "gone" },
      ],
    });
    const answer = await ask(port, "/");
    expect(answer.headers["x-who"]).toBe("configuration");
    expect(answer.headers["x-gone"]).toBeUndefined();
    expect(driver.invocations.map(({ cacheStatus }) => cacheStatus)).toEqual(["miss", "miss"]);
  });

  it("the domain's cache rules over originResponse functions", async () => {
    const source = await origin((_request, response) => response.end("x"));
    const { port } = await edge({
      origins: [source.port],
      domain: {
        cache_rules: [
          {
            match_type: "all",
            ttl: 5,
            ttl_unit: "m",
            priority: 1,
            follow_origin: "off",
            url_parameter_type: "full_url",
          },
        ],
      },
      functions: { never: marks("cache-control", "no-store") },
      rules: [{ phase: "originResponse", function: "never" }],
    });
    await ask(port, "/");
    expect((await ask(port, "/")).headers["cache-status"]).toContain("hit");
  });

  it("force_redirect over a clientRequest function's answer", async () => {
    const { port } = await edge({
      domain: { force_redirect: { status: "on", redirect_code: 302 } },
      functions: { answer: () => textOutcome("function") },
      rules: [{ phase: "clientRequest", function: "answer" }],
    });
    const answer = await ask(port, "/a?b=1", { host: "site.test:8080" });
    expect([answer.status, answer.headers.location]).toEqual([302, "https://site.test/a?b=1"]);
  });
});

describe("the order of rules:", () => {
  it("the larger priority first, each seeing what the one before changed; `stop` ends the phase", async () => {
    const appends =
      (letter: string): FunctionBody =>
      ({ method, url, headers }) => ({
        kind: "request",
        method,
        url,
        headers: setHeader(headers, "x-order", `${/x-order:(.*)\n/.exec(headers)?.[1] ?? ""}${letter}`),
        body: { kind: "same" },
      });
    const source = await echoHeader("x-order");
    const { port } = await edge({
      origins: [source.port],
      functions: { a: appends("a"), b: appends("b"), c: appends("c"), d: appends("d") },
      rules: [
        { phase: "clientRequest", function: "c", priority: 20, stop: true },
        { phase: "clientRequest", function: "a", priority: 100 },
        { phase: "clientRequest", function: "d", priority: 1 },
        { phase: "clientRequest", function: "b", priority: 50, enabled: false },
      ],
    });
    expect((await ask(port, "/")).text).toBe("ac");
  });

  it("an answer in clientRequest ends the phase, skips cache and origin, and passes clientResponse", async () => {
    const { port, driver } = await edge({
      functions: { deny: () => textOutcome("no", { status: 401 }), later: sets("x", "y"), mark: marks("x-seen", "1") },
      rules: [
        { phase: "clientRequest", function: "deny" },
        { phase: "clientRequest", function: "later" },
        { phase: "clientResponse", function: "mark" },
      ],
    });
    const answer = await ask(port, "/");
    expect([answer.status, answer.text, answer.headers["x-seen"]]).toEqual([401, "no", "1"]);
    expect(answer.headers["cache-status"]).toBe("Selvage; detail=ANSWERED");
    expect(driver.invocations.map(({ key }) => key)).toEqual(["deny@v1", "mark@v1"]);
  });

  it("a rewritten path does not switch off a later check of the same phase, and decides the phases that follow", async () => {
    const source = await echoHeader("x-checked");
    const { port } = await edge({
      origins: [source.port],
      functions: { move: goesTo("/public"), check: sets("x-checked", "yes"), pull: sets("x-pull", "1") },
      rules: [
        { phase: "clientRequest", function: "move" },
        { phase: "clientRequest", function: "check", matchType: "directory", matchContent: "/admin" },
        { phase: "originPull", function: "pull", matchType: "directory", matchContent: "/admin" },
      ],
    });
    const answer = await ask(port, "/admin/x");
    expect([answer.text, answer.headers["x-path"]]).toEqual(["yes", "/public"]);
    expect(source.requests[0]?.headers["x-pull"]).toBeUndefined();
  });

  it.each([
    "/admin",
    "/admin/",
    "//admin/x",
    "/%61dmin/x",
    "/x/../admin/y",
    "/x/%2e%2E/admin",
    "/admin%2Fx",
    "/./admin",
    "/admin%5Cx",
  ])("%s is inside the directory /admin however it is written", async (path) => {
    const { port } = await edge({
      functions: { deny: () => textOutcome("no", { status: 403 }), rest: () => textOutcome("in") },
      rules: [
        { phase: "clientRequest", function: "deny", matchType: "directory", matchContent: "/admin" },
        { phase: "fetch", function: "rest" },
      ],
    });
    expect((await ask(port, path)).status).toBe(403);
  });

  it("the origin gets the path that was matched", async () => {
    const source = await echoHeader("x");
    const { port } = await edge({ origins: [source.port] });
    expect((await ask(port, "//a/./b/../%7Ec/%2fd?e=%2F/../")).headers["x-path"]).toBe("/a/~c/%2Fd?e=%2F/../");
  });
});

describe("originPull", () => {
  it("may answer, and its answer is cached like an origin's", async () => {
    const { port, driver } = await edge({
      functions: {
        pull: () => textOutcome("pulled", { headers: "cache-control:max-age=9\n" }),
        seen: marks("x-seen", "1"),
      },
      rules: [
        { phase: "originPull", function: "pull" },
        { phase: "originResponse", function: "seen" },
      ],
    });
    await ask(port, "/");
    const second = await ask(port, "/");
    expect([second.text, second.headers["x-seen"]]).toEqual(["pulled", "1"]);
    expect(second.headers["cache-status"]).toContain("hit");
    expect(driver.invocations).toHaveLength(2);
  });

  it("may choose another of the domain's own origins by its name", async () => {
    const first = await echoHeader("host");
    const second = await origin((request, response) => response.end(`second ${request.headers.host}`));
    const { port } = await edge({
      domain: {
        sources: [loopbackSource(first.port), loopbackSource(second.port, { priority: 1, host_name: "second.test" })],
      },
      functions: {
        pull: ({ method, headers }) => ({
          kind: "request",
          method,
          url: "http://second.test/p",
          headers,
          body: { kind: "same" },
        }),
      },
      rules: [{ phase: "originPull", function: "pull" }],
    });
    expect((await ask(port, "/")).text).toBe("second second.test");
  });

  it("may go elsewhere only where functions may go", async () => {
    const elsewhere = await origin((request, response) => response.end(`elsewhere ${request.headers.host}`));
    const { port } = await edge({
      functions: {
        pull: ({ method, headers, url }) => {
          const target = new URL(url).pathname === "/in" ? "192.168.0.1" : `127.0.0.1:${elsewhere.port}`;
          return { kind: "request", method, url: `http://${target}/`, headers, body: { kind: "same" } };
        },
      },
      rules: [{ phase: "originPull", function: "pull" }],
    });
    expect((await ask(port, "/out")).text).toBe(`elsewhere 127.0.0.1:${elsewhere.port}`);
    expect(errorCode(await ask(port, "/in"))).toBe("ORIGIN_DENIED");
  });
});

it("a domain that is disabled gives 404, a request that came round too often 508", async () => {
  const started = await edge({ domain: { enabled: false } });
  expect(errorCode(await ask(started.port, "/"))).toBe("DOMAIN_DISABLED");
  started.route({});
  const loop = Array.from({ length: 8 }, () => "selvage").join(", ");
  expect(errorCode(await ask(started.port, "/", { headers: { "cdn-loop": loop } }))).toBe("LOOP_DETECTED");
});
