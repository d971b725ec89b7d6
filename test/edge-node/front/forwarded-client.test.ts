import { describe, expect, it } from "vitest";
import { forwardedClient } from "../../../edge-node/front/forwarded-client.ts";
import { createAddressSet } from "../../../edge-node/policy/address-set.ts";
import { ask } from "../support/client.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { askHttp1, HOST } from "../support/tls-client.ts";

const { edge, origin } = opensThings();

describe("forwardedClient()", () => {
  const trusted = createAddressSet(["10.0.0.0/8", "fd00::/8"]);
  const address = (peer: string, forwardedFor: string): string =>
    forwardedClient(peer, { forwardedFor, forwardedProto: "" }, trusted).address;
  const scheme = (forwardedProto: string, { peer = "10.0.0.1", forwardedFor = "203.0.113.9" } = {}): string | null =>
    forwardedClient(peer, { forwardedFor, forwardedProto }, trusted).scheme;

  it.each([
    ["a peer that is no proxy", "203.0.113.1", "198.51.100.7", "203.0.113.1"],
    ["a proxy's client", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["a proxy without the field", "10.0.0.1", "", "10.0.0.1"],
    ["what a client wrote before its proxy did", "10.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9"],
    ["a trusted address that a client wrote", "10.0.0.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"],
    ["a chain of proxies", "10.0.0.1", "192.0.2.66, 203.0.113.9, 10.0.0.3,10.0.0.2", "203.0.113.9"],
    ["proxies only", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["an entry that is no address", "10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"],
    ["no address behind a proxy", "10.0.0.1", "203.0.113.9, _hidden, 10.0.0.2", "10.0.0.2"],
    ["an empty entry", "10.0.0.1", "203.0.113.9,", "10.0.0.1"],
    ["an address with a port", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["IPv6", "fd00::1", "2001:DB8:0::1", "2001:db8::1"],
    ["IPv6 with a port", "10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"],
    ["IPv4 in IPv6", "10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"],
    ["a socket that is gone", "", "203.0.113.9", ""],
    ["a script", "10.0.0.1", "<script>", "10.0.0.1"],
  ])("%s", (_what, peer, forwardedFor, expected) => {
    expect(address(peer, forwardedFor)).toBe(expected);
  });

  it("follows no endless chain", () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    expect(address("10.0.0.1", ["203.0.113.9", ...chain].join(","))).toBe(chain.at(-32));
  });

  it.each([
    ["https", {}, "https"],
    ["HTTP", {}, "http"],
    ["https", { peer: "203.0.113.1" }, null],
    ["", {}, null],
    ["wss", {}, null],
    ["https, http", {}, "http"],
    ["https, http", { forwardedFor: "203.0.113.9, 10.0.0.2" }, "https"],
    ["https, http, http", { forwardedFor: "203.0.113.9, 10.0.0.2" }, "http"],
    ["https", { forwardedFor: "203.0.113.9, 10.0.0.2" }, "https"],
  ] as const)("X-Forwarded-Proto %j with %j is %s", (field, change, expected) => {
    expect(scheme(field, change)).toBe(expected);
  });
});

describe("a front behind a proxy", () => {
  const echo = () =>
    origin((request, response) => {
      const { "x-forwarded-for": address, "x-forwarded-proto": scheme } = request.headers;
      response.end(`${String(address)} ${String(scheme)}`);
    });
  const spoofed = { "x-forwarded-for": "192.0.2.66, 203.0.113.9", "x-forwarded-proto": "https" };

  it("that is trusted believes its word, for access control, redirects and the origin alike", async () => {
    const source = await echo();
    const started = await edge({
      origins: [source.port],
      front: { trustedProxyNetworks: ["127.0.0.0/8"] },
      domain: {
        force_redirect: { status: "on", redirect_code: 302 },
        hsts: { status: "on", max_age: 9, include_subdomains: "off" },
      },
    });
    const { port } = started;
    const answer = await ask(port, "/a", { headers: spoofed, host: "site.test:443" });
    expect(answer.text).toBe("203.0.113.9 https");
    expect(answer.headers["strict-transport-security"]).toBe("max-age=9");
    expect((await ask(port, "/a", { headers: { ...spoofed, "x-forwarded-proto": "http" } })).status).toBe(302);
    started.route({ origins: [source.port], domain: { ip_filter: { type: "black", value: "203.0.113.9" } } });
    expect((await ask(port, "/a", { headers: spoofed })).status).toBe(403);
    expect((await ask(port, "/a", { headers: { "x-forwarded-for": "203.0.113.9, 198.51.100.1" } })).status).toBe(200);
  });

  it("that is trusted has a TLS connection which is not its client's", async () => {
    for (const [trustedProxyNetworks, isKnown] of [
      [["127.0.0.0/8"], false],
      [["10.0.0.0/8"], true],
    ] as const) {
      const { tlsPort, driver } = await edge({
        certificates: ["www"],
        domain: { domain: HOST },
        front: { trustedProxyNetworks },
        functions: { looks: () => textOutcome("seen") },
        rules: [{ phase: "clientRequest", function: "looks" }],
      });
      expect((await askHttp1(tlsPort, "/a", { headers: spoofed })).text).toBe("seen");
      expect(driver.invocations[0]?.tls?.serverName).toBe(isKnown ? HOST : undefined);
    }
  });

  it.each([undefined, ["10.0.0.0/8"]])("that is not trusted (%j) believes nothing", async (trustedProxyNetworks) => {
    const source = await echo();
    const { port, driver } = await edge({
      origins: [source.port],
      front: trustedProxyNetworks === undefined ? {} : { trustedProxyNetworks },
      domain: { ip_filter: { type: "white", value: "127.0.0.1" } },
      functions: { looks: () => ({ kind: "continue" }) },
      rules: [{ phase: "clientRequest", function: "looks" }],
    });
    expect((await ask(port, "/a", { headers: spoofed })).text).toBe("127.0.0.1 http");
    expect(driver.invocations[0]).toMatchObject({ clientIp: "127.0.0.1", url: "http://site.test/a" });
    expect(driver.invocations[0]?.headers).not.toContain("x-forwarded");
  });
});
