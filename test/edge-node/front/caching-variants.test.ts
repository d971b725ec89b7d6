/** Answers that vary with what lookups see as the origin does, and with what they do not. */
import { describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import type { EdgeOptions } from "../support/edge.ts";
import type { FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import type { Origin } from "../support/origin.ts";

const { edge, origin } = opensThings();

describe("an answer that varies with", () => {
  /** An origin that says back what it saw of a field, and that it varies with it. */
  async function varying(name: string): Promise<Origin> {
    return origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("vary", name);
      response.end(String(request.headers[name.toLowerCase()]));
    });
  }

  const pull =
    (run: (headers: string) => string): FunctionBody =>
    ({ method, url, headers }) => {
      return { kind: "request", method, url, headers: run(headers), body: { kind: "same" } };
    };

  it.each(["X-Forwarded-For", "X-Request-ID", "Via", "CDN-Loop"])(
    "%s, which the node writes for each request, is not stored",
    async (name) => {
      const source = await varying(name);
      const { port } = await edge({ origins: [source.port] });
      for (let time = 0; time < 2; time++) {
        expect((await ask(port, "/")).headers["cache-status"]).toBe(
          "Selvage; fwd=uri-miss; fwd-status=200; detail=VARY_UNSEEN",
        );
      }
    },
  );

  it("such a field is not kept when a confirmation says so either", async () => {
    const source = await origin((request, response) => {
      const isSame = request.headers["if-none-match"] === '"a"';
      const vary: Record<string, string> = isSame ? { vary: "X-Forwarded-For" } : {};
      response.writeHead(isSame ? 304 : 200, { etag: '"a"', "cache-control": "max-age=60", ...vary }).end();
    });
    const { port } = await edge({ origins: [source.port] });
    await ask(port, "/");
    await ask(port, "/", { headers: { "cache-control": "no-cache" } });
    expect((await ask(port, "/")).headers["cache-status"]).toContain("fwd=uri-miss");
  });

  it.each<[string, string, EdgeOptions]>([
    ["what the key says", "X-Forwarded-Proto", {}],
    ["what the key says", "X-Forwarded-Host", {}],
    ["what nobody gets to the origin", "Forwarded", {}],
    [
      "what the configuration sets for everybody",
      "X-Forwarded-For",
      { domain: { origin_request_header: [{ name: "X-Forwarded-For", action: "set", value: "none" }] } },
    ],
    [
      "what an originPull function left as it was",
      "Accept-Language",
      {
        functions: { pull: pull((headers) => `${headers}x-other:1\n`) },
        rules: [{ phase: "originPull", function: "pull" }],
      },
    ],
  ])("%s is stored: %s", async (_case, name, options) => {
    const source = await varying(name);
    const { port } = await edge({ origins: [source.port], ...options });
    await ask(port, "/");
    expect((await ask(port, "/")).headers["cache-status"]).toContain("hit");
  });

  it("what an originPull function changed is not stored", async () => {
    const source = await varying("X-Country");
    const { port } = await edge({
      origins: [source.port],
      functions: { pull: pull((headers) => `${headers}x-country:${/cookie:(..)/.exec(headers)?.[1] ?? ""}\n`) },
      rules: [{ phase: "originPull", function: "pull" }],
    });
    for (const country of ["de", "fr"]) {
      const answer = await ask(port, "/", { headers: { cookie: country } });
      expect([answer.text, answer.headers["cache-status"]]).toEqual([
        country,
        expect.stringContaining("detail=VARY_UNSEEN"),
      ]);
    }
  });

  it.each(["X-Forwarded-For", "X-Country"])("what clientRequest set is kept apart by it: %s", async (name) => {
    const source = await varying(name);
    const set = pull((headers) => `${headers}${name.toLowerCase()}:${/cookie:(..)/.exec(headers)?.[1] ?? ""}\n`);
    const { port } = await edge({
      origins: [source.port],
      functions: { set },
      rules: [{ phase: "clientRequest", function: "set" }],
    });
    const get = (country: string) => ask(port, "/", { headers: { cookie: country } });
    expect([(await get("de")).text, (await get("fr")).text, (await get("de")).text]).toEqual(["de", "fr", "de"]);
    expect(source.requests).toHaveLength(2);
  });

  it("the host that its client asked for is kept apart by it where a function changed the host", async () => {
    const source = await varying("X-Forwarded-Host");
    const { port } = await edge({
      origins: [source.port],
      domain: { domain: "*.test" },
      functions: {
        move: ({ headers, method }) => ({
          kind: "request",
          method,
          url: "http://127.0.0.1/",
          headers,
          body: { kind: "same" },
        }),
      },
      rules: [{ phase: "clientRequest", function: "move" }],
    });
    for (const host of ["a.test", "b.test", "c.test", "b.test"])
      expect((await ask(port, "/", { host })).text).toBe(host);
    expect(source.requests).toHaveLength(3);
  });
});
