import { describe, expect, it } from "vitest";
import type { DomainConfig, DomainSource } from "../../../sdk/domain.ts";
import { chainOf, type CertificateName } from "../../support/certificates.ts";
import { ask, errorCode, type Answer } from "../support/client.ts";
import { loopbackSource, type Edge } from "../support/edge.ts";
import { freePort } from "../support/origin.ts";
import { opensThings } from "../support/opened.ts";
import { startTlsOrigin, type TlsOrigin } from "../support/tls-origin.ts";

const { edge, keep, origin } = opensThings();

const tlsOrigin = (certificate: CertificateName): Promise<TlsOrigin> =>
  keep(startTlsOrigin(certificate, (request, response) => response.end(`https ${request.headers.host}`)));

function httpsEdge(
  source: { readonly port: number } & Partial<DomainSource>,
  domain: Partial<DomainConfig> = {},
): Promise<Edge> {
  const { port, ...change } = source;
  return edge({
    front: { authorities: [chainOf("ca")] },
    domain: {
      origin_protocol: "https",
      sources: [loopbackSource(1, { https_port: port, host_name: "origin.test", ...change })],
      ...domain,
    },
  });
}

async function answerOf(running: Promise<Edge>): Promise<Answer> {
  return await ask((await running).port, "/");
}

describe("an https origin", () => {
  it("proves the name of its Host field, which it is asked for by SNI, and its connection is used again", async () => {
    const source = await tlsOrigin("origin");
    const { port } = await httpsEdge(source);
    expect((await ask(port, "/1")).text).toBe("https origin.test");
    expect((await ask(port, "/2")).text).toBe("https origin.test");
    expect(source.names).toEqual(["origin.test"]);
  });

  it.each([
    ["of an authority nobody trusts", "stranger", "origin.test"],
    ["of another name", "origin", "other.test"],
    ["that has ended", "expired", "www.example.com"],
  ] as const)(
    "with a certificate %s is not asked, and not trusted by a second try",
    async (_case, certificate, host_name) => {
      const source = await tlsOrigin(certificate);
      const { port } = await httpsEdge({ port: source.port, host_name });
      for (const path of ["/1", "/2"]) {
        const answer = await ask(port, path);
        expect([answer.status, errorCode(answer)]).toEqual([502, "ORIGIN_CERTIFICATE"]);
      }
      expect(source.requests).toEqual([]);
    },
  );

  it("is trusted unseen when the domain says so, and only by that domain", async () => {
    const source = await tlsOrigin("stranger");
    const trusting = await httpsEdge(source, { origin_verify_certificate: "off" });
    expect((await ask(trusting.port, "/")).text).toBe("https origin.test");
    trusting.route({
      domain: {
        origin_protocol: "https",
        sources: [loopbackSource(1, { https_port: source.port, host_name: "origin.test" })],
      },
    });
    expect(errorCode(await ask(trusting.port, "/"))).toBe("ORIGIN_CERTIFICATE");
  });

  it("that cannot prove itself is left for the next one", async () => {
    const wrong = await tlsOrigin("stranger");
    const right = await tlsOrigin("origin");
    const { port } = await edge({
      front: { authorities: [chainOf("ca")] },
      domain: {
        origin_protocol: "https",
        sources: [
          loopbackSource(1, { https_port: wrong.port, host_name: "origin.test", priority: 90 }),
          loopbackSource(1, { https_port: right.port, host_name: "origin.test", priority: 10 }),
        ],
      },
    });
    expect((await ask(port, "/")).text).toBe("https origin.test");
    expect((await ask(port, "/", { method: "POST", body: "a" })).text).toBe("https origin.test");
  });

  it("that speaks plain http gives 502", async () => {
    const source = await origin((_request, response) => response.end("plain"));
    expect(errorCode(await answerOf(httpsEdge(source)))).toBe("ORIGIN_UNREACHABLE");
  });

  it("is not asked when a client came by http and the domain follows", async () => {
    const source = await origin((_request, response) => response.end("plain"));
    const sources = [loopbackSource(source.port, { https_port: await freePort() })];
    expect((await answerOf(edge({ domain: { origin_protocol: "follow", sources } }))).text).toBe("plain");
  });
});
