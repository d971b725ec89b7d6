/** Functions with egress lists, on a whole front: what they ask for themselves, and what they have the node ask. */
import { describe, expect, it } from "vitest";
import { emptyBody } from "../../../runtime/body.ts";
import type { InvocationHost } from "../../../runtime/driver.ts";
import { ask } from "../support/client.ts";
import { textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

const asking =
  (url: string): FunctionBody =>
  async (_invocation, host) =>
    textOutcome(await codeOf(host, url));

async function codeOf(host: InvocationHost, url: string): Promise<string> {
  const request = { method: "GET", url, headers: "", body: emptyBody, redirect: "follow" } as const;
  try {
    const { status } = await host.fetch({ target: { kind: "network" }, ...request }, new AbortController().signal);
    return String(status);
  } catch (error) {
    return (error as { code?: string }).code ?? "no code";
  }
}

/** Sends the request to another host. */
const rewritingTo =
  (url: string): FunctionBody =>
  ({ method, headers }) => ({ kind: "request", method, url, headers, body: { kind: "same" } });

describe("a function's lists", () => {
  it("hold for what it fetches, and not for another function of the same request", async () => {
    const { port } = await origin((_request, response) => response.end("here"));
    const url = `http://127.0.0.1:${port}/`;
    const functions = { bound: asking(url), free: asking(url) };
    const site = await edge({
      functions,
      egress: { bound: { deny: ["127.0.0.0/8"] } },
      rules: [
        { phase: "fetch", function: "bound", matchType: "directory", matchContent: "/bound/" },
        { phase: "fetch", function: "free" },
      ],
    });
    expect((await ask(site.port, "/bound/")).text).toBe("FUNCTION_EGRESS_DENIED");
    expect((await ask(site.port, "/free")).text).toBe("200");
  });

  it.each(["clientRequest", "originPull"] as const)("hold for where a %s hook sends the request", async (phase) => {
    const own = await origin((_request, response) => response.end("own"));
    const other = await origin((_request, response) => response.end("other"));
    const functions = { move: rewritingTo(`http://localhost:${other.port}/x`) };
    const options = { functions, rules: [{ phase, function: "move" }], origins: [own.port] };
    const site = await edge({ ...options, egress: { move: { allow: [`localhost:${own.port}`] } } });
    const refused = await ask(site.port, "/");
    expect([refused.status, refused.text]).toEqual([500, expect.stringContaining("FUNCTION_EGRESS_DENIED")]);
    expect(other.requests).toEqual([]);
    site.route({ ...options, egress: { move: { allow: [`localhost:${other.port}`] } } });
    expect((await ask(site.port, "/")).status).toBe(200);
  });

  it("hold for redirects of a place that the function named", async () => {
    const last = await origin((_request, response) => response.end("last"));
    const other = await origin((_request, response) =>
      response.writeHead(302, { location: `http://localhost:${last.port}/` }).end(),
    );
    const own = await origin((_request, response) => response.end("own"));
    const site = await edge({
      functions: { move: rewritingTo(`http://localhost:${other.port}/`) },
      rules: [{ phase: "originPull", function: "move" }],
      origins: [own.port],
      domain: { origin_follow302_status: "on" },
      egress: { move: { allow: [`localhost:${other.port}`] } },
    });
    const answer = await ask(site.port, "/");
    expect([answer.status, last.requests]).toEqual([500, []]);
  });

  it("do not speak of the domain's own origin", async () => {
    const own = await origin((_request, response) => response.end("own"));
    const site = await edge({
      functions: { stay: () => ({ kind: "continue" }) },
      rules: [{ phase: "originPull", function: "stay" }],
      origins: [own.port],
      egress: { stay: { allow: [] } },
    });
    expect((await ask(site.port, "/")).text).toBe("own");
  });
});
