/**
 * What holds for every route of the control plane, walked by the server's own table of routes and not by a list that somebody keeps.
 *
 * No service is behind them: one that is asked makes the test fail, so that a refusal is one before anything else.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FastifyInstance } from "fastify";
import { createApp, type AppServices } from "../../../control-plane/rest/app.ts";
import { CallRates } from "../../../control-plane/rest/call-rates.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { publishLimits } from "../../../sdk/limits.ts";
import type { TokenRole } from "../../../sdk/api.ts";
import { FakeClock } from "../fake-clock.ts";

/** Everybody may ask for these; they hold no data. */
const open = ["GET /healthz", "GET /openapi.json"];

const asked: string[] = [];
const tokens = {
  authenticate: (token: string) => {
    const role = /^right-(admin|publisher|node)$/.exec(token)?.[1] as TokenRole | undefined;
    return Promise.resolve(role === undefined ? null : { tokenId: role, role });
  },
};
/** Anything that is asked of it is noted; it has parts of parts without end. */
const service = (path: string): unknown =>
  new Proxy(() => {}, {
    get: (_target, key) => (key === "tokens" && path === "" ? tokens : service(`${path}.${String(key)}`)),
    apply: () => {
      // Refusals of known callers are recorded.
      if (path === ".audit.add") return Promise.resolve();
      asked.push(path);
      throw new Error(`${path} was asked`);
    },
  });

let app: FastifyInstance;
let routes: readonly Route[] = [];
beforeAll(async () => {
  const clock = new FakeClock();
  const many = 1_000_000;
  app = await createApp({
    services: service("") as AppServices,
    rates: new CallRates({ requestsPerAddress: many, requestsPerToken: many, wrongTokensPerAddress: many, clock }),
    clock,
    logger: silentLogger,
    uniqueId: () => "id",
    version: "0.0.0",
    closing: new AbortController().signal,
  });
  routes = routesOf(app);
});
afterAll(() => app.close());

interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  /** Parameters filled in. */
  readonly url: string;
}

/** Fastify prints its table as a tree: a line for each part of a path, indented by four characters for each part above. */
function routesOf(instance: FastifyInstance): readonly Route[] {
  const parts: string[] = [];
  const found: Route[] = [];
  for (const line of instance.printRoutes({ commonPrefix: false }).split("\n")) {
    const [, indent = "", part = "", methods = ""] = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/u.exec(line) ?? [];
    if (part === "") continue;
    parts.splice(indent.length / 4, parts.length, part);
    const path = parts.join("");
    const url = path.replace(":revision", "1").replace(":digest", "0".repeat(64)).replaceAll(/:\w+/g, "x");
    for (const method of methods.split(", ").filter(Boolean)) found.push({ method: method as Route["method"], url });
  }
  return found;
}

const nameOf = ({ method, url }: Route): string => `${method} ${url}`;
/** Those of the FunctionGraph-compatible API have checks and error answers of their own. */
const isSigned = ({ url }: Route): boolean => url.startsWith("/v2/");
const closed = (): readonly Route[] => routes.filter((route) => !open.includes(nameOf(route)) && !isSigned(route));

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: object }>>>>;
}

describe("the table of routes", () => {
  it("is what /openapi.json describes, and that document itself", async () => {
    const { paths } = (await app.inject("/openapi.json")).json<Described>();
    const described = Object.entries(paths).flatMap(([path, methods]) => {
      const url = path
        .replace("{revision}", "1")
        .replace("{digest}", "0".repeat(64))
        .replaceAll(/\{\w+\}/g, "x");
      return Object.keys(methods).map((method) => `${method.toUpperCase()} ${url}`);
    });
    const own = routes.filter((route) => !isSigned(route));
    expect(own.map(nameOf).sort()).toEqual([...described, "GET /openapi.json"].sort());
    expect(routes.length).toBeGreaterThan(50);
  });
});

describe("every route but the open ones", () => {
  it("answers 401 without a token and with a wrong one, whatever comes with it, and asks nobody", async () => {
    const headers = [
      {},
      { authorization: "" },
      { authorization: "Bearer" },
      { authorization: "Bearer wrong" },
      { authorization: "bearer wrong" },
      { authorization: "Basic cmlnaHQtYWRtaW46cmlnaHQtYWRtaW4=" },
      { authorization: "right-admin" },
      { authorization: "Bearer right-admin right-admin" },
      { authorization: "Bearer right-admin, Bearer right-admin" },
      { "x-api-key": "right-admin", cookie: "token=right-admin" },
    ];
    for (const { method, url } of closed()) {
      for (const sent of headers) {
        const answer = await app.inject({ method, url: `${url}?token=right-admin`, headers: sent });
        const { code } = answer.json<{ error: { code: string } }>().error;
        expect([method, url, sent, answer.statusCode, code]).toEqual([method, url, sent, 401, "UNAUTHENTICATED"]);
        expect(answer.headers["www-authenticate"]).toBe("Bearer");
      }
    }
    expect(asked).toEqual([]);
  });

  it("is for some roles only: no token opens all", async () => {
    for (const { method, url } of closed()) {
      const statuses = [];
      for (const role of ["admin", "publisher", "node"]) {
        const answer = await app.inject({ method, url, headers: { authorization: `Bearer right-${role}` } });
        statuses.push(answer.statusCode);
      }
      expect([method, url, statuses.includes(403)]).toEqual([method, url, true]);
    }
    asked.splice(0);
  });

  it("that takes a body answers 413 to one that is too large, by what it says and by what comes, and asks nobody", async () => {
    const { paths } = (await app.inject("/openapi.json")).json<Described>();
    const takesBody = closed().filter(({ method }) => method !== "GET" && method !== "DELETE");
    const withBody = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .filter((one) => "requestBody" in one);
    expect(takesBody.length).toBeGreaterThanOrEqual(withBody.length);
    const large = Buffer.alloc(2 * publishLimits.requestBytesMax + 1, " ");
    for (const { method, url } of takesBody) {
      const { authorization } = await admitted({ method, url });
      const headers = { authorization, "content-type": "application/json" };
      const said = await app.inject({
        method,
        url,
        headers: { ...headers, "content-length": "10000000000" },
        payload: "{}",
      });
      expect([method, url, said.statusCode]).toEqual([method, url, 413]);
      const sent = await app.inject({ method, url, headers, payload: large });
      expect([method, url, sent.statusCode]).toEqual([method, url, 413]);
      expect(sent.json()).toMatchObject({ error: { code: "PAYLOAD_TOO_LARGE" } });
    }
    expect(asked).toEqual([]);
  });
});

describe("every route of the FunctionGraph-compatible API", () => {
  const hex = "0".repeat(64);
  const proof = (date: string, names = "host;x-sdk-date") => ({
    "x-sdk-date": date,
    authorization: `SDK-HMAC-SHA256 Access=AK, SignedHeaders=${names}, Signature=${hex}`,
  });

  it("answers 401 in its own form without a proof, with a stale or incomplete one, and with a node's token", async () => {
    const signed = routes.filter(isSigned);
    expect(signed.length).toBeGreaterThan(30);
    const headers = [
      {},
      { authorization: "Bearer right-admin" },
      { "x-auth-token": "wrong" },
      { "x-auth-token": "right-node" },
      proof("20010101T000000Z"),
      proof("now"),
      proof("20260102T030405Z", "host"),
      proof("20260102T030405Z", "x-sdk-date"),
    ];
    for (const { method, url } of signed) {
      for (const sent of headers) {
        const answer = await app.inject({ method, url, headers: sent });
        expect([method, url, sent, answer.statusCode, answer.json<{ error_code: string }>().error_code]).toEqual([
          method,
          url,
          sent,
          401,
          "FSS.0401",
        ]);
      }
    }
    expect(asked).toEqual([]);
  });

  it("answers 413 to a body that says it is too large", async () => {
    for (const { method, url } of routes.filter(isSigned)) {
      if (method !== "POST" && method !== "PUT") continue;
      const headers = { "x-auth-token": "right-admin", "content-length": "10000000000" };
      const answer = await app.inject({ method, url, headers, payload: "{}" });
      expect([method, url, answer.statusCode]).toEqual([method, url, 413]);
    }
    expect(asked).toEqual([]);
  });
});

/** The field of a role that the route is for. */
async function admitted({ method, url }: Route): Promise<{ readonly authorization: string }> {
  for (const role of ["admin", "node"]) {
    const authorization = `Bearer right-${role}`;
    const { statusCode } = await app.inject({ method, url, headers: { authorization } });
    asked.splice(0);
    if (statusCode !== 403) return { authorization };
  }
  throw new Error(`Nobody may call ${method} ${url}`);
}

describe("the open routes", () => {
  it("are these two", async () => {
    const answered: string[] = [];
    for (const route of routes) {
      const { statusCode } = await app.inject(route);
      if (statusCode !== 401) answered.push(nameOf(route));
    }
    expect(answered.sort()).toEqual(open);
    asked.splice(0);
  });
});
