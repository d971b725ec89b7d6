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
    const { serving, failures } = opener.open([stateOf("www"), stateOf("expired")]);
    const [www, expired, ...others] = serving;
    expect(www).toMatchObject({ name: "www", domains: ["www.example.com", "example.com"], key: keyOf("www") });
    expect(www?.notAfter).toBe(Date.UTC(2120, 0, 1));
    expect([expired?.notAfter, others, failures]).toEqual([Date.UTC(2021, 0, 1), [], []]);
  });

  it("leaves out one that it cannot open, says why without the key, and serves the others", () => {
    const logger = new RecordingLogger();
    const opener = new CertificateOpener({ token: "token", logger });
    const mixed = { ...stateOf("wildcard"), chain: chainOf("rsa") };
    const { serving, failures } = opener.open([stateOf("www", "another"), mixed, stateOf("weak"), stateOf("rsa")]);
    expect(serving.map(({ name }) => name)).toEqual(["rsa"]);
    expect(failures).toEqual([
      { certificate: "www", code: "CERTIFICATE_REFUSED", message: expect.stringContaining("token") },
      { certificate: "wildcard", code: "CERTIFICATE_REFUSED", message: expect.stringContaining("does not belong") },
      { certificate: "weak", code: "CERTIFICATE_REFUSED", message: expect.stringContaining("RSA of 1024 bits") },
    ]);
    expect(logger.lines.map(({ event }) => event)).toEqual(Array(3).fill("certificate.not.opened"));
    const told = JSON.stringify([logger.lines, failures]);
    for (const name of ["wildcard", "weak"] as const) expect(told).not.toContain(keyOf(name).split("\n")[1]);
  });

  it("leaves out one that this node's TLS library does not take", () => {
    const tryToServe = ({ name }: { readonly name: string }): void => {
      if (name === "rsa") throw new Error("ee key too small");
    };
    const opener = new CertificateOpener({ token: "token", logger: new RecordingLogger(), tryToServe });
    const { serving, failures } = opener.open([stateOf("www"), stateOf("rsa")]);
    expect(serving.map(({ name }) => name)).toEqual(["www"]);
    expect(failures).toMatchObject([{ certificate: "rsa", message: expect.stringContaining("ee key too small") }]);
  });

  it("opens nothing twice, also what it could not open", () => {
    const logger = new RecordingLogger();
    const opener = new CertificateOpener({ token: "token", logger });
    const states = [stateOf("www", "another"), stateOf("rsa")];
    const first = opener.open(states);
    const second = opener.open(states);
    expect(second.serving[0]).toBe(first.serving[0]);
    expect(second.failures).toEqual(first.failures);
    expect(logger.lines).toHaveLength(1);
  });
});

describe("a certificate that cannot be served", () => {
  const good = stateOf("www");
  const bad: CertificateState = { ...good, chain: chainOf("renewed") };
  const opening = (): CertificateOpener => new CertificateOpener({ token: "token", logger: new RecordingLogger() });

  it("leaves the one of its name that could, however often it comes, also on the disk", () => {
    const opener = opening();
    const [served] = opener.open([good]).serving;
    for (const states of [[bad], [stateOf("rsa"), bad]]) {
      const { serving, failures, kept } = opener.open(states);
      expect(serving).toContain(served);
      expect(failures.map(({ certificate }) => certificate)).toEqual(["www"]);
      expect(kept.at(-1)).toBe(good);
    }
    const { kept } = opener.open([bad]);
    expect(opening().open(kept).serving).toEqual([served]);
  });

  it("gives way to the next one that can be, and is gone when it is deleted", () => {
    const opener = opening();
    opener.open([good]);
    opener.open([bad]);
    const renewed: CertificateState = { ...stateOf("renewed"), name: "www" };
    const after = opener.open([renewed]);
    expect(after.serving.map(({ chain }) => chain)).toEqual([chainOf("renewed")]);
    expect([after.failures, after.kept]).toEqual([[], [renewed]]);
    expect(opener.open([]).serving).toEqual([]);
    expect(opener.open([bad])).toMatchObject({ serving: [], kept: [bad] });
  });
});
