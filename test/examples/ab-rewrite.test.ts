/** The claims of the example ab-rewrite, hook by hook. */
import { beforeAll, describe, expect, test } from "vitest";
import type { EdgeFunction } from "../../sdk/selvage-sdk.ts";
import { contextOf, responseContextOf } from "./hook-call.ts";
import { loadExample } from "./load-example.ts";

let example: Required<EdgeFunction>;

beforeAll(async () => {
  example = await loadExample("ab-rewrite", "test");
});

interface Visit {
  readonly path: string;
  readonly cookie?: string;
  readonly requestId?: string;
  readonly percent?: string;
}

/** One request through both hooks: where it goes, in which group, and which cookie it gets. */
async function visit({ path, cookie, requestId = "r", percent = "50" }: Visit): Promise<{
  readonly path: string;
  readonly group: string | null;
  readonly setCookie: string | null;
}> {
  const env = { GROUP_B_PERCENT: percent };
  const request = new Request(`http://docs.example.test${path}`, cookie === undefined ? {} : { headers: { cookie } });
  const rewritten = await example.clientRequest(request, env, contextOf("clientRequest", { requestId }));
  if (!(rewritten instanceof Request)) throw new Error("clientRequest gave no request");
  const response = new Response("file");
  await example.clientResponse(response, env, responseContextOf("clientResponse", { request, requestId }));
  const { pathname, search } = new URL(rewritten.url);
  const group = rewritten.headers.get("x-docs-group");
  return { path: pathname + search, group, setCookie: response.headers.get("set-cookie") };
}

describe("clientRequest", () => {
  test.each([
    ["/docs", "/swagger-ui-dist/index.html"],
    ["/docs/", "/swagger-ui-dist/index.html"],
    ["/docs/swagger-ui.css?v=1", "/swagger-ui-dist/swagger-ui.css?v=1"],
    ["/docsearch", "/docsearch"],
  ])("rewrites %s to %s", async (path, expected) => {
    expect((await visit({ path })).path).toBe(expected);
  });

  test("each group gets its own application", async () => {
    expect((await visit({ path: "/docs/app.js", cookie: "docs-group=a" })).path).toMatch(/swagger-ui-bundle\.js$/);
    expect((await visit({ path: "/docs/app.js", cookie: "docs-group=b" })).path).toMatch(/swagger-ui-es-bundle\.js$/);
  });

  test("keeps method and headers", async () => {
    const request = new Request("http://docs.example.test/docs/x", { method: "HEAD", headers: { accept: "text/css" } });
    const rewritten = await example.clientRequest(request, {}, contextOf("clientRequest"));
    expect(rewritten).toMatchObject({ method: "HEAD" });
    expect((rewritten as Request).headers.get("accept")).toBe("text/css");
  });

  test("the group is the cookie's, whatever the share of newcomers", async () => {
    expect((await visit({ path: "/docs/", cookie: "x=1; docs-group=a", percent: "100" })).group).toBe("a");
    expect((await visit({ path: "/docs/", cookie: "docs-group=b; x=1", percent: "0" })).group).toBe("b");
  });

  test.each(["docs-group=c", "docs-group", "other-docs-group=b", ""])("ignores the cookie %j", async (cookie) => {
    expect((await visit({ path: "/docs/", cookie, percent: "0" })).group).toBe("a");
  });

  test("splits newcomers by the configured share", async () => {
    const groups = await Promise.all(
      Array.from({ length: 4_000 }, (_, i) => visit({ path: "/docs/", requestId: `request-${i}`, percent: "20" })),
    );
    const share = groups.filter(({ group }) => group === "b").length / groups.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.23);
  });

  test.each(["-1", "101", "12.5", "half", ""])("takes 50 percent instead of %j", async (percent) => {
    const groups = await Promise.all(
      Array.from({ length: 400 }, (_, i) => visit({ path: "/docs/", requestId: `request-${i}`, percent })),
    );
    const members = groups.filter(({ group }) => group === "b").length;
    expect(members).toBeGreaterThan(120);
    expect(members).toBeLessThan(280);
  });
});

describe("clientResponse", () => {
  test("gives a newcomer the cookie of the very group that clientRequest chose", async () => {
    for (let i = 0; i < 100; i++) {
      const { group, setCookie } = await visit({ path: "/docs/", requestId: `request-${i}` });
      expect(setCookie).toMatch(new RegExp(`^docs-group=${group};.*HttpOnly`));
    }
  });

  test("sets no cookie again", async () => {
    expect((await visit({ path: "/docs/", cookie: "docs-group=a" })).setCookie).toBeNull();
  });
});
