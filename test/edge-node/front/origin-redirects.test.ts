import { describe, expect, it } from "vitest";
import type http from "node:http";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { createEgressPolicy } from "../../../sdk/egress-policy.ts";
import { chainOf } from "../../support/certificates.ts";
import { ask, errorCode } from "../support/client.ts";
import { loopbackSource, type Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { startTlsOrigin } from "../support/tls-origin.ts";

const { edge, origin, keep } = opensThings();

const follows: Partial<DomainConfig> = { origin_follow302_status: "on" };
const secrets = { authorization: "Bearer secret", cookie: "session=1", "x-api-key": "key", "accept-language": "de" };

/** Answers `/from` with a redirect, everything else with what it was asked. */
const redirects =
  (location: () => string, status = 302) =>
  (request: http.IncomingMessage, response: http.ServerResponse): void => {
    if (request.url === "/from") response.writeHead(status, { location: location() }).end("moved");
    else response.end(`${request.method} ${request.headers.host}${request.url}`);
  };

function following(port: number, change: Partial<DomainConfig> = {}): Promise<Edge> {
  return edge({ domain: { ...follows, sources: [loopbackSource(port, { host_name: "real.test" })], ...change } });
}

describe("a redirect of the origin", () => {
  it("reaches the client when the domain does not follow", async () => {
    const source = await origin(redirects(() => "/to"));
    const { port } = await edge({ origins: [source.port] });
    const answer = await ask(port, "/from");
    expect([answer.status, answer.headers.location, answer.text]).toEqual([302, "/to", "moved"]);
  });

  it.each([
    [301, "/to?a=b#c", "GET real.test/to?a=b"],
    [302, "to", "GET real.test/to"],
    [303, "//real.test/to", "GET real.test/to"],
    [307, "http://real.test/to", "GET real.test/to"],
    [308, "http://site.test/to", "GET real.test/to"],
    [302, "http://127.0.0.1/to", "GET real.test/to"],
  ])("%i to %s is followed to the domain's own source", async (status, location, expected) => {
    const source = await origin(redirects(() => location, status));
    const { port } = await following(source.port);
    expect((await ask(port, "/from")).text).toBe(expected);
  });

  it("keeps credentials on the same host, and HEAD a HEAD", async () => {
    const source = await origin(redirects(() => "/to"));
    const { port } = await following(source.port);
    const answer = await ask(port, "/from", { method: "HEAD", headers: secrets });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(source.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
    expect(source.requests[1]?.headers).toMatchObject(secrets);
  });

  it("to a foreign place carries nothing that was meant for the origin", async () => {
    const foreign = await origin((_request, response) => response.end("foreign"));
    const source = await origin(redirects(() => `http://127.0.0.1:${foreign.port}/to`));
    const { port } = await following(source.port, {
      origin_request_header: [{ name: "X-Origin-Secret", value: "shared", action: "set" }],
    });
    expect((await ask(port, "/from", { headers: secrets })).text).toBe("foreign");
    expect(source.requests[0]?.headers).toMatchObject({ ...secrets, "x-origin-secret": "shared" });
    expect(Object.keys(foreign.requests[0]?.headers ?? {}).toSorted()).toEqual([
      "accept-language",
      "cdn-loop",
      "connection",
      "host",
      "via",
    ]);
    expect(foreign.requests[0]?.headers).toMatchObject({ host: `127.0.0.1:${foreign.port}`, "cdn-loop": "selvage" });
  });

  it("does not bring credentials back from a foreign place", async () => {
    const back = await origin(redirects(() => "http://real.test/to"));
    const source = await origin(redirects(() => `http://127.0.0.1:${back.port}/from`));
    const { port } = await following(source.port);
    expect((await ask(port, "/from", { headers: secrets })).text).toBe("GET real.test/to");
    expect(source.requests[1]?.headers).not.toHaveProperty("authorization");
    expect(source.requests[1]?.headers).not.toHaveProperty("cookie");
    expect(source.requests[1]?.headers).not.toHaveProperty("x-api-key");
  });

  it("leads only to where functions may go", async () => {
    const inner = await origin((_request, response) => response.end("inner"));
    const source = await origin(redirects(() => `http://127.0.0.1:${inner.port}/to`));
    const { port } = await edge({
      front: { functionEgress: createEgressPolicy() },
      domain: { ...follows, sources: [loopbackSource(source.port)] },
    });
    const answer = await ask(port, "/from");
    expect([answer.status, errorCode(answer)]).toEqual([502, "ORIGIN_DENIED"]);
    expect(inner.requests).toEqual([]);
  });

  it("from http to https leads to the source's https port, without credentials", async () => {
    const secure = await keep(startTlsOrigin("origin", (request, response) => response.end(`https ${request.url}`)));
    const source = await origin(redirects(() => "https://origin.test/to"));
    const { port } = await edge({
      front: { authorities: [chainOf("ca")] },
      domain: {
        ...follows,
        sources: [loopbackSource(source.port, { https_port: secure.port, host_name: "origin.test" })],
      },
    });
    expect((await ask(port, "/from", { headers: secrets })).text).toBe("https /to");
    expect(secure.requests[0]?.headers).not.toHaveProperty("authorization");
  });

  it.each([
    ["the sixth", "/from", 6],
    ["one to another scheme", "ftp://real.test/to", 1],
    ["one with credentials", "http://user:password@real.test/to", 1],
    ["one that is no URL", "http://", 1],
  ])("is a failure when it is %s", async (_case, location, requests) => {
    const source = await origin(redirects(() => location));
    const { port } = await following(source.port);
    const answer = await ask(port, "/from");
    expect([answer.status, errorCode(answer)]).toEqual([502, "ORIGIN_REDIRECTS"]);
    expect(source.requests).toHaveLength(requests);
  });

  it.each([
    ["POST", { method: "POST", body: "a" }],
    ["GET with a body", { method: "GET", body: "a" }],
  ])("of a %s reaches the client", async (_case, options) => {
    const source = await origin(redirects(() => "/to"));
    const { port } = await following(source.port);
    expect((await ask(port, "/from", options)).status).toBe(302);
  });

  it("without a Location, and 304, reach the client", async () => {
    const source = await origin((request, response) => {
      if (request.url === "/") response.writeHead(302).end();
      else response.writeHead(request.headers["if-none-match"] === '"a"' ? 304 : 200, { etag: '"a"' }).end();
    });
    const { port } = await following(source.port);
    expect((await ask(port, "/")).status).toBe(302);
    // Conditions pass to the origin once it is known that its answer is not stored.
    expect((await ask(port, "/304")).status).toBe(200);
    expect((await ask(port, "/304", { headers: { "if-none-match": '"a"' } })).status).toBe(304);
  });

  it("leads to what is cached under the client's URL", async () => {
    const source = await origin((request, response) => {
      if (request.url === "/from") response.writeHead(302, { location: "/to" }).end();
      else response.writeHead(200, { "cache-control": "max-age=60" }).end("there");
    });
    const { port } = await following(source.port);
    expect((await ask(port, "/from")).text).toBe("there");
    const again = await ask(port, "/from");
    expect(again.headers["cache-status"]).toContain("hit");
    expect(source.requests).toHaveLength(2);
  });
});
