import { describe, expect, it } from "vitest";
import { accessLine, type SentAnswer } from "../../../edge-node/access-log/access-line.ts";
import { forwardNote } from "../../../edge-node/pipeline/cache-note.ts";
import { Exchange } from "../../../edge-node/pipeline/exchange.ts";
import { parseWireUrl } from "../../../edge-node/pipeline/wire-url.ts";
import { buildRouting } from "../../../edge-node/routing/routing.ts";
import { emptyBody } from "../../../runtime/body.ts";
import type { DomainConfig } from "../../../sdk/domain.ts";
import type { UrlAuth } from "../../../sdk/domain-policy.ts";
import { domainConfig } from "../support/edge.ts";

const sent: SentAnswer = {
  node: "node-1",
  receivedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  status: 200,
  bytes: 12,
  durationMs: 3.14159,
  firstByteMs: 1.5,
  protocol: "h2",
  tls: "TLSv1.3",
};

interface Asked {
  readonly url?: string;
  readonly headers?: string;
  readonly domain?: Partial<DomainConfig>;
}

function exchangeOf({ url = "https://site.test/a?b=c", headers = "", domain = {} }: Asked): Exchange {
  const parsed = parseWireUrl(url);
  if (parsed === null) throw new Error(`${url} is no URL`);
  const domains = [{ config: domainConfig(domain), rules: [] }];
  const routing = buildRouting({ format: 1, revision: 1, publicKey: "", functions: [], domains }, new Map());
  return new Exchange({
    client: { method: "GET", url: parsed, headers, body: emptyBody },
    requestId: "r-1",
    clientIp: "192.0.2.1",
    domain: routing.find("site.test"),
    cdnLoop: "",
    socketProtocols: null,
  });
}

function check(asked: Asked): { readonly line: string; readonly fields: Record<string, unknown> } {
  const line = accessLine(exchangeOf(asked), sent);
  return { line, fields: JSON.parse(line) as Record<string, unknown> };
}

const auth: UrlAuth = {
  status: "on",
  type: "type_a",
  sign_method: "md5",
  key: "k".repeat(16),
  expire_time: 1_800,
  sign_arg: "auth_key",
  time_arg: "timestamp",
  time_format: "dec",
  match_type: "all",
};

describe("accessLine()", () => {
  it("says who asked for what, what came of it and how long it took", () => {
    const exchange = exchangeOf({ headers: "user-agent:curl/8\nreferer:https://other.test/\n" });
    exchange.cacheNote = { ...forwardNote("uri-miss", null), status: 200, stored: true, ttlSeconds: 60 };
    exchange.originMs = 2.5;
    exchange.originAddress = "http://192.0.2.9:80";
    expect(JSON.parse(accessLine(exchange, sent))).toEqual({
      time: "2026-01-02T03:04:05.006Z",
      node: "node-1",
      requestId: "r-1",
      domain: "site.test",
      clientIp: "192.0.2.1",
      scheme: "https",
      protocol: "h2",
      tls: "TLSv1.3",
      method: "GET",
      host: "site.test",
      path: "/a",
      query: "?b=c",
      status: 200,
      bytes: 12,
      durationMs: 3.14,
      firstByteMs: 1.5,
      cache: "miss",
      cacheStatus: "Selvage; fwd=uri-miss; fwd-status=200; ttl=60; stored",
      error: null,
      originMs: 2.5,
      origin: "http://192.0.2.9:80",
      userAgent: "curl/8",
      referer: "https://other.test/",
    });
  });

  it("is one line whatever the client wrote", () => {
    const { line, fields } = check({ headers: 'user-agent:a"\u0001\u2028\tb\\\nreferer:\u00e9\u0085\n' });
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(fields["userAgent"]).toBe('a"\u0001\u2028\tb\\');
  });

  it("has at most 4,096 bytes, whatever is long in it", () => {
    const long = '"'.repeat(4_000);
    const url = `https://site.test/${"p".repeat(5_000)}?${"'".repeat(5_000)}`;
    const { line, fields } = check({ url, headers: `user-agent:${long}\nreferer:${"\u00e9".repeat(4_000)}\n` });
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4_096);
    expect(String(fields["path"]).endsWith("…")).toBe(true);
  });

  it.each<[string, Partial<UrlAuth>, string, string, string]>([
    ["type_a", {}, "/v?a=1&auth_key=12-0-0-abc&b=2", "/v", "?a=1&auth_key=…&b=2"],
    ["type_a with another name", { sign_arg: "s" }, "/v?s=1&auth_key=2", "/v", "?s=…&auth_key=2"],
    ["type_a, its name escaped", {}, "/v?auth%5Fkey=1", "/v", "?auth%5Fkey=…"],
    ["type_b", { type: "type_b" }, "/202601020304/abcdef/v/w", "/…/…/v/w", ""],
    ["type_c1", { type: "type_c1" }, "/abcdef/1234/v", "/…/…/v", ""],
    ["type_c2", { type: "type_c2" }, "/v?auth_key=1&timestamp=2&x=3", "/v", "?auth_key=…&timestamp=…&x=3"],
    ["no signature needed", { status: "off" }, "/v?auth_key=1", "/v", "?auth_key=1"],
  ])("hides what proves a signed URL: %s", (_name, change, target, path, query) => {
    const { fields } = check({ url: `https://site.test${target}`, domain: { url_auth: { ...auth, ...change } } });
    expect([fields["path"], fields["query"]]).toEqual([path, query]);
  });
});
