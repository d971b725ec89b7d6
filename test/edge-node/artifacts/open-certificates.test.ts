import { describe, expect, it } from "vitest";
import { CertificateOpener } from "../../../edge-node/artifacts/open-certificates.ts";
import type { CertificateState } from "../../../sdk/desired-state.ts";
import { sealSecrets } from "../../../sdk/sealed-secret.ts";
import { chainOf, keyOf, type CertificateName } from "../../support/certificates.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const stateOf = (name: CertificateName, token = "token"): CertificateState => ({
  name,
  chain: chainOf(name),
  sealedKey: sealSecrets({ key: keyOf(name) }, token),
});

describe("open()", () => {
  it("opens keys with the node's token and reads what the certificates say", () => {
    const opener = new CertificateOpener({ token: "token", logger: new RecordingLogger() });
    const [www, expired, ...others] = opener.open([stateOf("www"), stateOf("expired")]);
    expect(www).toMatchObject({ name: "www", domains: ["www.example.com", "example.com"], key: keyOf("www") });
    expect(www?.notAfter).toBe(Date.UTC(2120, 0, 1));
    expect([expired?.notAfter, others]).toEqual([Date.UTC(2021, 0, 1), []]);
  });

  it("leaves out one that it cannot open, logs why without the key, and serves the others", () => {
    const logger = new RecordingLogger();
    const opener = new CertificateOpener({ token: "token", logger });
    const foreign = stateOf("www", "another");
    const mixed = { ...stateOf("wildcard"), chain: chainOf("rsa") };
    expect(opener.open([foreign, mixed, stateOf("rsa")]).map(({ name }) => name)).toEqual(["rsa"]);
    expect(logger.lines.map(({ event }) => event)).toEqual(["certificate.not.opened", "certificate.not.opened"]);
    expect(JSON.stringify(logger.lines)).not.toContain(keyOf("wildcard").split("\n")[1]);
  });

  it("opens nothing twice, also what it could not open", () => {
    const logger = new RecordingLogger();
    const opener = new CertificateOpener({ token: "token", logger });
    const states = [stateOf("www", "another"), stateOf("rsa")];
    const first = opener.open(states);
    expect(opener.open(states)[0]).toBe(first[0]);
    expect(logger.lines).toHaveLength(1);
  });
});
