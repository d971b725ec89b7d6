import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CertificateChange, CertificateResource } from "../../../sdk/api.ts";
import { HttpDouble, type Answer } from "./http-double.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

const folder = join(import.meta.dirname, "../../support/certificates");
const www: CertificateResource = {
  name: "www",
  domains: ["www.example.com", "example.com"],
  notBefore: "2020-01-01T00:00:00.000Z",
  notAfter: "2120-01-01T00:00:00.000Z",
  fingerprint: "a".repeat(64),
  keyType: "ec-prime256v1",
  issuer: "Selvage test intermediate",
  updatedAt: "2026-01-02T03:04:05.678Z",
  refusals: [],
};
const refused: CertificateResource = {
  ...www,
  name: "api",
  refusals: [
    { node: "n2", revision: 7, code: "CERTIFICATE_REFUSED", message: "key: does not belong\u001b[2J" },
    { node: "n3", revision: 6, code: "CERTIFICATE_REFUSED", message: "secrets: cannot be opened" },
  ],
};

async function run(words: readonly string[], answer: Answer): Promise<ToolRun> {
  const control = await HttpDouble.start(() => answer);
  try {
    const environment = { SELVAGE_URL: control.url, SELVAGE_TOKEN: "slv_x" };
    return await runTool(words, { workingDirectory: tmpdir(), environment });
  } finally {
    await control.stop();
  }
}

describe("selvage certificates", () => {
  it("list says which nodes do not serve one, and why", async () => {
    const { stdout } = await run(["certificates"], { status: 200, json: { certificates: [www, refused] } });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/REFUSED BY$/);
    expect(lines[1]).toMatch(/^www .* -$/);
    expect(lines[2]).toMatch(/^api .* n2,n3$/);
    expect(lines.slice(3)).toEqual([
      "  api on n2: CERTIFICATE_REFUSED key: does not belong[2J",
      "  api on n3: CERTIFICATE_REFUSED secrets: cannot be opened",
    ]);
  });

  it("put says which nodes cannot serve what was put", async () => {
    const failure = { certificate: "www", code: "CERTIFICATE_REFUSED", message: "key: no" } as const;
    const change: CertificateChange = {
      certificate: www,
      revision: 7,
      rollout: {
        revision: 7,
        createdAt: www.updatedAt,
        nodesConnected: 1,
        nodesServing: 1,
        completeMs: 12,
        acks: [{ node: "n1", revision: 7, applyMs: 1, failures: [failure] }],
      },
    };
    const files = ["--certificate", join(folder, "www.pem"), "--key", join(folder, "www-key.pem")];
    const { stdout } = await run(["certificates", "put", "www", ...files], { status: 200, json: change });
    expect(stdout).toContain("serving on 1 of 1 nodes in 12 ms\n  n1: certificate www: CERTIFICATE_REFUSED key: no");
  });
});
