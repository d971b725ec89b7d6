import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TokenCreated } from "../../sdk/api.ts";
import { adminToken, TestControlPlane } from "./test-control-plane.ts";
import { registration } from "./test-node.ts";

let control: TestControlPlane;
let publisher: TokenCreated;
let node: TokenCreated;
beforeAll(async () => {
  control = await TestControlPlane.start();
  publisher = await control.createToken("publisher");
  node = await control.createToken("node");
});
afterAll(() => control.close());

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
}

/** Every route as `METHOD /path`, with parameters filled in. */
async function allRoutes(): Promise<readonly `${string} /${string}`[]> {
  const { paths } = await control.ok<OpenApi>("GET /openapi.json", { token: null });
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => {
      const filled = path
        .replace("{revision}", "1")
        .replace("{digest}", "0".repeat(64))
        .replaceAll(/\{\w+\}/g, "x");
      return `${method.toUpperCase()} ${filled as `/${string}`}` as const;
    }),
  );
}

describe("every route", () => {
  it("answers 401 with an error body without a token, with a wrong one and with another scheme", async () => {
    const routes = (await allRoutes()).filter((route) => route !== "GET /healthz");
    expect(routes.length).toBeGreaterThan(30);
    for (const route of routes) {
      for (const token of [null, "slv_wrong", `${adminToken}x`, adminToken.slice(0, -1)]) {
        const { status, code } = await control.refusal(route, { token });
        expect([route, status, code]).toEqual([route, 401, "UNAUTHENTICATED"]);
      }
    }
  });

  it("is checked for a token before its body is read", async () => {
    const { status } = await control.refusal("POST /v1/functions", { token: "wrong", text: "{" });
    expect(status).toBe(401);
  });

  it("says with 401 which scheme is wanted", async () => {
    const { headers } = await control.call("GET /v1/functions", { token: null });
    expect(headers.get("www-authenticate")).toBe("Bearer");
  });

  it("is unknown only to those with a token", async () => {
    expect((await control.refusal("GET /v1/secret", { token: null })).status).toBe(401);
    const { status, code, message } = await control.refusal("GET /v1/secret?token=x");
    expect([status, code, message]).toEqual([404, "NOT_FOUND", "There is no GET /v1/secret."]);
  });

  it("takes a token only from the authorization header", async () => {
    const response = await fetch(`${control.url}/v1/functions?access_token=${adminToken}`);
    expect(response.status).toBe(401);
    const basic = await fetch(`${control.url}/v1/functions`, {
      headers: { authorization: `Basic ${btoa(`admin:${adminToken}`)}` },
    });
    expect(basic.status).toBe(401);
  });
});

describe("roles", () => {
  const nodeRoutes = [
    "POST /v1/nodes",
    "GET /v1/nodes/stream",
    "POST /v1/nodes/acks",
    "POST /v1/nodes/logs",
    "POST /v1/nodes/call-results",
    "POST /v1/nodes/explanations",
    "POST /v1/nodes/invocation-results",
    "GET /v1/nodes/purges",
    "POST /v1/nodes/purge-acks",
    "POST /v1/nodes/preheat-results",
    "POST /v1/nodes/statistics",
  ];
  const blobRoute = `GET /v1/blobs/${"0".repeat(64)}`;
  const adminRoutes = [
    "PUT /v1/quotas/x",
    "DELETE /v1/quotas/x",
    "GET /v1/audit",
    "GET /v1/audit/export",
    "GET /v1/backup",
    "GET /v1/tokens",
    "POST /v1/tokens",
    "DELETE /v1/tokens/x",
    "PUT /v1/domains/x",
    "DELETE /v1/domains/x",
    "PUT /v1/domains/x/rules",
    "POST /v1/domains/x/rollback",
    "PUT /v1/certificates/x",
    "DELETE /v1/certificates/x",
    "GET /v1/access-keys",
    "POST /v1/access-keys",
    "DELETE /v1/access-keys/x",
    "DELETE /v1/nodes/x",
    "POST /v1/explain",
  ];
  const forbidden = async (token: string): Promise<string[]> => {
    const found: string[] = [];
    for (const route of await allRoutes()) {
      const { status } = await control.call(route, { token, ...(route.startsWith("GET") ? {} : { body: {} }) });
      if (status === 403) found.push(route);
    }
    return found.sort();
  };

  it("let a node reach its own routes and artifacts, and nothing else", async () => {
    const open = [...nodeRoutes, blobRoute, "GET /healthz"];
    const others = (await allRoutes()).filter((route) => !open.includes(route));
    expect(await forbidden(node.token)).toEqual(others.sort());
  });

  it("keep a publisher from domains' changes, tokens, nodes' routes and artifacts", async () => {
    expect(await forbidden(publisher.token)).toEqual([...nodeRoutes, ...adminRoutes, blobRoute].sort());
  });

  it("keep an administrator only from speaking as a node", async () => {
    expect(await forbidden(adminToken)).toEqual([...nodeRoutes].sort());
  });

  it("answer 403 with an error body", async () => {
    const { status, code } = await control.refusal("GET /v1/functions", { token: node.token });
    expect([status, code]).toEqual([403, "FORBIDDEN"]);
  });
});

describe("tokens", () => {
  it("are listed without their texts", async () => {
    const { text } = { text: JSON.stringify(await control.ok("GET /v1/tokens")) };
    expect(text).toContain(publisher.id);
    expect(text).not.toContain("slv_");
  });

  it("stop working when revoked", async () => {
    const { id, token } = await control.createToken("publisher");
    await control.ok("GET /v1/functions", { token });
    await control.ok(`DELETE /v1/tokens/${id}`);
    expect((await control.refusal("GET /v1/functions", { token })).status).toBe(401);
    expect((await control.refusal(`DELETE /v1/tokens/${id}`)).code).toBe("NOT_FOUND");
  });

  it("take the answers with them that go on when they are revoked", async () => {
    const [revoked, kept] = [await control.createToken("publisher"), await control.createToken("publisher")];
    const abort = new AbortController();
    const [ended, open] = await Promise.all(
      [revoked, kept].map(({ token }) =>
        fetch(`${control.url}/v1/logs?follow=1&limit=0`, {
          headers: { authorization: `Bearer ${token}` },
          signal: abort.signal,
        }),
      ),
    );
    await control.ok(`DELETE /v1/tokens/${revoked.id}`);
    await expect(ended?.text()).rejects.toThrow("terminated");
    const token = await control.nodeToken();
    const record = { node: "n", function: "f", version: "v1", phase: "fetch", kind: "line", requestId: "r" };
    const records = [{ time: Date.now(), level: "info", message: "afterwards", ...record }];
    await control.ok("POST /v1/nodes/logs", { token, body: { records } });
    const read = await open?.body?.getReader().read();
    expect(Buffer.from(read?.value ?? []).toString()).toContain("afterwards");
    abort.abort();
  });

  it("always include one for an administrator", async () => {
    const { tokens } = await control.ok<{ tokens: { id: string; role: string }[] }>("GET /v1/tokens");
    const [admin] = tokens.filter(({ role }) => role === "admin");
    const { status, code } = await control.refusal(`DELETE /v1/tokens/${admin?.id ?? ""}`);
    expect([status, code]).toEqual([409, "CONFLICT"]);
  });

  it("are refused with unknown roles and without names, all problems at once", async () => {
    const { status, problems } = await control.refusal("POST /v1/tokens", { body: { name: "", role: "root", x: 1 } });
    expect(status).toBe(400);
    expect(problems.sort()).toEqual([
      "name: received 0 characters, allowed: 1..63",
      'role: received "root", allowed: admin, publisher, node',
      "x: is not a key, allowed: name, role",
    ]);
  });

  it("are not in the store in any form that could be used", async () => {
    const { readFile, readdir } = await import("node:fs/promises");
    const files = (await readdir(control.folder)).filter((name) => name.startsWith("store.sqlite"));
    for (const name of files) {
      const bytes = await readFile(`${control.folder}/${name}`, "latin1");
      for (const token of [publisher.token, node.token, adminToken]) expect(bytes).not.toContain(token);
    }
  });
});

describe("/openapi.json", () => {
  it("describes every route with its answers and errors", async () => {
    const { paths } = await control.ok<OpenApi>("GET /openapi.json", { token: null });
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        expect([path, method, Object.keys(responses)]).toEqual([path, method, expect.arrayContaining(["4XX", "5XX"])]);
      }
    }
  });
});

describe("GET /healthz", () => {
  it("needs no token", async () => {
    const { body } = await control.call("GET /healthz", { token: null });
    expect(body).toEqual({ status: "ok", version: "0.1.0", revision: expect.any(Number) });
  });
});

describe("POST /v1/nodes", () => {
  it.each(["", ".hidden", "a b", "../x", "a".repeat(64), "ünï"])("refuses the name %j", async (name) => {
    const { status, problems } = await control.refusal("POST /v1/nodes", {
      token: node.token,
      body: registration(name),
    });
    expect([status, problems[0]]).toEqual([
      400,
      expect.stringMatching(/^name: received .*, allowed: at most 63 letters/),
    ]);
  });
});
