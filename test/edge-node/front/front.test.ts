import { describe, expect, it } from "vitest";
import { ask, errorCode } from "../support/client.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

describe("a front", () => {
  it("answers with an HTTP function", async () => {
    const { port } = await edge({
      functions: {
        hello: ({ url }) => textOutcome(`hello ${new URL(url).pathname}`, { headers: "x-made-by:hello\n" }),
      },
      rules: [{ phase: "fetch", function: "hello" }],
    });
    const answer = await ask(port, "/a/b?c=d");
    expect(answer.text).toBe("hello /a/b");
    expect(answer.headers).toMatchObject({
      "x-made-by": "hello",
      "x-request-id": "test-0",
      "cache-status": "Selvage; fwd=uri-miss; fwd-status=200; detail=NO_FRESHNESS",
    });
  });

  it("fetches from the origin, stores, and answers the second request from the cache", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("from origin");
    });
    const { port } = await edge({ origins: [source.port] });
    const first = await ask(port, "/x");
    expect(first.headers["cache-status"]).toMatch(/^Selvage; fwd=uri-miss; fwd-status=200; ttl=\d+; stored$/);
    const second = await ask(port, "/x");
    expect(second.text).toBe("from origin");
    expect(second.headers["cache-status"]).toMatch(/^Selvage; hit; ttl=\d+$/);
    expect(second.headers.age).toMatch(/^\d$/);
    expect(source.requests).toHaveLength(1);
  });

  it("answers 404 for hosts that are not configured, with the code and the request's id", async () => {
    const { port } = await edge({});
    const answer = await ask(port, "/", { host: "other.test" });
    expect(answer.status).toBe(404);
    expect(errorCode(answer)).toBe("DOMAIN_UNKNOWN");
    expect(JSON.parse(answer.text)).toMatchObject({ error: { requestId: answer.headers["x-request-id"] } });
  });
});
