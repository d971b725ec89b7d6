import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CertificateChange, CertificateResource } from "../../sdk/api.ts";
import { SelvageClient } from "../../sdk/client.ts";
import type { DesiredState } from "../../sdk/desired-state.ts";
import { openSecrets } from "../../sdk/sealed-secret.ts";
import { certificateOf, chainOf, keyOf } from "../support/certificates.ts";
import { adminToken, TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(() => control.close());

const put = (name: string, body: unknown) =>
  control.ok<CertificateChange>(`PUT /v1/certificates/${name}?waitSeconds=0`, { body });

/** The state as a node with this token gets it. */
async function stateFor(token: string): Promise<DesiredState> {
  const node = await TestNode.connect(control, "n1", { token });
  try {
    return await node.nextState();
  } finally {
    node.disconnect();
  }
}

describe("certificates", () => {
  it("are put, shown, listed, replaced and deleted, and their keys never come back", async () => {
    const { certificate, revision } = await put("www", certificateOf("www"));
    expect(certificate).toMatchObject({ name: "www", domains: ["www.example.com", "example.com"] });
    expect(revision).toBeGreaterThan(0);
    expect(await control.ok("GET /v1/certificates/www")).toEqual(certificate);
    const renewed = await put("www", certificateOf("renewed"));
    expect(renewed.certificate.fingerprint).not.toBe(certificate.fingerprint);
    expect(renewed.revision).toBe(revision + 1);
    const list = await control.ok<{ certificates: CertificateResource[] }>("GET /v1/certificates");
    expect(list.certificates).toEqual([renewed.certificate]);
    expect(JSON.stringify([certificate, renewed, list])).not.toMatch(/PRIVATE KEY/);
    expect((await control.call("DELETE /v1/certificates/www")).status).toBe(204);
    expect((await control.refusal("GET /v1/certificates/www")).code).toBe("NOT_FOUND");
    expect((await control.refusal("DELETE /v1/certificates/www")).code).toBe("NOT_FOUND");
  });

  it("lie encrypted on the control plane's disk", async () => {
    await put("www", certificateOf("www"));
    const secret = keyOf("www").split("\n")[1] ?? "none";
    const files = await readdir(control.folder, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "latin1")),
    );
    expect(texts.some((text) => text.includes("BEGIN CERTIFICATE"))).toBe(true);
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });

  it("reach a node with the key sealed under its token", async () => {
    await put("www", certificateOf("www"));
    const token = await control.nodeToken();
    const { certificates } = await stateFor(token);
    expect(certificates).toMatchObject([{ name: "www", chain: chainOf("www") }]);
    const sealed = certificates[0]?.sealedKey ?? "";
    expect(openSecrets(sealed, "another token").ok).toBe(false);
    const opened = openSecrets(sealed, token);
    expect(opened.ok && { ...opened.value }).toEqual({ key: keyOf("www") });
  });

  it("outlive a restart with the key", async () => {
    await put("www", certificateOf("www"));
    await control.restart();
    const token = await control.nodeToken();
    const opened = openSecrets((await stateFor(token)).certificates[0]?.sealedKey ?? "", token);
    expect(opened.ok && { ...opened.value }).toEqual({ key: keyOf("www") });
  });

  it("are refused with every problem and without a word of the key", async () => {
    const body = certificateOf("expired", "weak");
    const refusal = await control.refusal("PUT /v1/certificates/old", { body });
    expect([refusal.status, refusal.code]).toEqual([400, "INPUT_INVALID"]);
    expect(refusal.problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^certificate: the certificate expired at/),
        expect.stringMatching(/^key: received RSA of 1024 bits/),
      ]),
    );
    expect(JSON.stringify(refusal)).not.toContain(keyOf("weak").split("\n")[1]);
    expect((await control.refusal("PUT /v1/certificates/-x", { body: certificateOf("www") })).status).toBe(400);
  });

  it("tell which node does not serve them and why, as of its newest word", async () => {
    const token = await control.nodeToken();
    const node = await TestNode.connect(control, "n1", { token });
    const { revision } = await put("www", certificateOf("www"));
    const refused = { certificate: "www", code: "CERTIFICATE_REFUSED", message: "key: cannot be opened" } as const;
    await node.ack(revision, [refused, { certificate: "other", code: "CERTIFICATE_REFUSED", message: "no" }]);
    const refusals = [{ node: "n1", revision, code: "CERTIFICATE_REFUSED", message: "key: cannot be opened" }];
    expect(await control.ok("GET /v1/certificates/www")).toMatchObject({ refusals });
    const list = await control.ok<{ certificates: CertificateResource[] }>("GET /v1/certificates");
    expect(list.certificates.find(({ name }) => name === "www")?.refusals).toEqual(refusals);
    expect(await control.ok(`GET /v1/revisions/${revision}?waitSeconds=0`)).toMatchObject({
      acks: [{ node: "n1", failures: [refused, { certificate: "other" }] }],
    });
    const next = await put("www", certificateOf("renewed"));
    await node.ack(next.revision);
    expect(await control.ok("GET /v1/certificates/www")).toMatchObject({ refusals: [] });
    node.disconnect();
  });

  it("are changed by administrators only", async () => {
    const { token } = await control.createToken("publisher");
    const body = certificateOf("www");
    expect((await control.refusal("PUT /v1/certificates/www", { body, token })).status).toBe(403);
    expect((await control.refusal("DELETE /v1/certificates/www", { token })).status).toBe(403);
    expect((await control.call("GET /v1/certificates", { token })).status).toBe(200);
  });

  it("are reached by the typed client", async () => {
    const client = new SelvageClient({ url: control.url, token: adminToken });
    const { certificate } = await client.setCertificate("rsa", certificateOf("rsa"));
    expect(await client.listCertificates()).toContainEqual(certificate);
    await client.deleteCertificate("rsa");
    expect((await client.listCertificates()).map(({ name }) => name)).not.toContain("rsa");
  });
});
