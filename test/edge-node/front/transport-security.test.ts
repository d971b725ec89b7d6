import { expect, it } from "vitest";
import type { Hsts } from "../../../sdk/domain-policy.ts";
import { ask } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { askHttp1, askHttp2, HOST } from "../support/tls-client.ts";

const opened = opensThings();
const hsts: Hsts = { status: "on", max_age: 3_600, include_subdomains: "on" };

async function site(change: object): Promise<Edge> {
  const { port } = await opened.origin((_request, response) => {
    response.setHeader("strict-transport-security", "max-age=1");
    response.end("hello");
  });
  return await opened.edge({ certificates: ["www"], origins: [port], domain: { domain: HOST, ...change } });
}

it("Strict-Transport-Security is the domain's over https, and absent over http", async () => {
  const { port, tlsPort } = await site({ hsts });
  const field = "strict-transport-security";
  expect((await askHttp1(tlsPort, "/")).headers[field]).toBe("max-age=3600; includeSubDomains");
  expect((await askHttp2(tlsPort, "/")).headers[field]).toBe("max-age=3600; includeSubDomains");
  expect((await ask(port, "/", { host: HOST })).headers[field]).toBeUndefined();
});

it("Strict-Transport-Security is the origin's where the domain says nothing", async () => {
  const { tlsPort } = await site({ hsts: { ...hsts, status: "off" } });
  expect((await askHttp2(tlsPort, "/")).headers["strict-transport-security"]).toBe("max-age=1");
});

it("http is redirected to https, which is not", async () => {
  const { port, tlsPort } = await site({ force_redirect: { status: "on", redirect_code: 301 } });
  const plain = await ask(port, "/a?b=c", { host: HOST });
  expect([plain.status, plain.headers.location]).toEqual([301, `https://${HOST}/a?b=c`]);
  expect((await askHttp2(tlsPort, "/a?b=c")).text).toBe("hello");
});
