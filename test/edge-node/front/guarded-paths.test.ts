/** Rules that guard a path are not escaped by spellings that only some origins read as that path. */
import { describe, expect, it } from "vitest";
import type { Rule } from "../../../sdk/rule.ts";
import { ask } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import type { Origin } from "../support/origin.ts";

const opened = opensThings();
const marks: FunctionBody = () => textOutcome("guarded");
const admin = { function: "marks", matchType: "directory", matchContent: "/admin" } as const;

async function start(
  rules: readonly (Partial<Rule> & Pick<Rule, "phase" | "function">)[],
): Promise<Edge & { origin: Origin }> {
  const origin = await opened.origin((request, response) => {
    response.setHeader("cache-control", "max-age=60").end(request.url);
  });
  const site = await opened.edge({ origins: [origin.port], functions: { marks }, rules });
  return { ...site, origin };
}

describe.each(["clientRequest", "originPull"] as const)("a rule of the phase %s", (phase) => {
  it.each([
    "/admin",
    "/admin/x",
    "/admin;x",
    "/admin;x/y",
    "/admin%3bx",
    "/;/admin",
    "/;x/admin/y",
    "/admin%20",
    "/admin.",
    "/admin./x",
  ])("on the directory /admin is run for %s", async (path) => {
    const { port, origin } = await start([{ phase, ...admin }]);
    expect((await ask(port, path)).text).toBe("guarded");
    expect(origin.requests).toEqual([]);
  });

  it.each(["/administration", "/x;/admin", "/admin-.", "/admin%2e.x", "/b;/admin"])(
    "is not run for %s",
    async (path) => {
      const { port } = await start([{ phase, ...admin }]);
      expect((await ask(port, path)).text).toBe(path.replace("%2e", "."));
    },
  );

  it("on a suffix or a whole path is run for them with parameters, too", async () => {
    const { port } = await start([
      { phase, function: "marks", matchType: "suffix", matchContent: ".php" },
      { phase, function: "marks", matchType: "path", matchContent: "/a/*/b" },
    ]);
    for (const path of ["/x.php;v=1", "/x.php.", "/a;1/x;2/b;3"]) expect((await ask(port, path)).text).toBe("guarded");
  });
});

it.each(["/x/..;/admin", "/.;/admin", "/x/..%3ba/admin", "/x/..%20/admin", "/x/.%20;/admin"])(
  "a dot segment with something behind its dots is refused: %s",
  async (path) => {
    const { port, origin } = await start([{ phase: "clientRequest", ...admin }]);
    expect((await ask(port, path)).status).toBe(400);
    expect(origin.requests).toEqual([]);
  },
);

it("other rules and the cache take a path as it is written", async () => {
  const { port, origin } = await start([{ phase: "fetch", ...admin }]);
  for (const path of ["/admin;x", "/admin;x", "/admin;y"]) expect((await ask(port, path)).text).toBe(path);
  expect(origin.requests.map(({ url }) => url)).toEqual(["/admin;x", "/admin;y"]);
});
