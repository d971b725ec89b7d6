import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { generateSigningKey, referenceTo, sealManifest, signManifest } from "../../bundler/artifact.ts";
import { digestOf, parseManifest, serialiseManifest, verifyManifest } from "../../sdk/artifact-format.ts";
import type { Egress } from "../../sdk/egress.ts";
import type { VersionManifest } from "../../sdk/artifact.ts";
import { defaultFunctionLimits } from "../../sdk/limits.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const manifest: VersionManifest = {
  format: 1,
  function: "hello",
  version: "v1",
  createdAt: "2026-01-02T03:04:05.678Z",
  hooks: ["clientRequest", "fetch"],
  limits: defaultFunctionLimits,
  module: referenceTo(text("var __selvageModule")),
  sourceMap: null,
  snapshots: [{ ...referenceTo(text("snapshot")), runtimeKey: "13.6-x64", initialized: false }],
  wasm: [],
  isolation: "shared",
  allowEval: false,
  event: null,
  egress: { allow: null, deny: [] },
  services: {},
};

/** The manifest with some keys replaced by anything at all, as hostile bytes. */
function altered(changes: Readonly<Record<string, unknown>>): Uint8Array {
  const snapshots = manifest.snapshots.map((snapshot) => ({ ...snapshot, initialized: undefined }));
  return text(JSON.stringify({ ...manifest, snapshots, wasm: undefined, egress: undefined, ...changes }));
}

function problemsOf(bytes: Uint8Array): string[] {
  const parsed = parseManifest(bytes);
  return parsed.ok ? [] : parsed.problems.map((problem) => `${problem.path}: ${problem.message}`);
}

const first = { digest: "1".repeat(64), bytes: 8 };
const second = { digest: "2".repeat(64), bytes: 9 };

describe("a manifest's WebAssembly modules", () => {
  it("give back what was written", () => {
    const withWasm = { ...manifest, wasm: [first, second] };
    expect(parseManifest(serialiseManifest(withWasm))).toEqual({ ok: true, value: withWasm });
  });

  it("are not mentioned where there are none, as in manifests of old", () => {
    expect(new TextDecoder().decode(serialiseManifest(manifest))).not.toContain("wasm");
    expect(problemsOf(altered({ wasm: [] })).join()).toContain("canonical form");
  });

  it.each<[string, unknown, string]>([
    ["no list", {}, "wasm: is not a list of 0..16 blobs"],
    ["too many", Array.from({ length: 17 }, () => first), "wasm: is not a list of 0..16 blobs"],
    ["another order", [second, first], "wasm: is not sorted by digest, each once"],
    ["one twice", [first, first], "wasm: is not sorted by digest, each once"],
    ["no digest", [{ ...first, digest: "x" }], "wasm[0].digest: is not 64 lower-case hex digits"],
    ["one too large", [{ ...first, bytes: 8_388_609 }], "wasm[0].bytes: is not a whole number in 1..8388608"],
  ])("are refused: %s", (_name, wasm, problem) => {
    expect(problemsOf(altered({ wasm }))).toContain(problem);
  });
});

describe("digestOf()", () => {
  it("is SHA-256 in lower-case hex", () => {
    expect(digestOf(text("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("serialiseManifest() and parseManifest()", () => {
  it("give back what was written", () => {
    expect(parseManifest(serialiseManifest(manifest))).toEqual({ ok: true, value: manifest });
  });

  it("name services only when there are any, so that older manifests keep their bytes", () => {
    expect(Buffer.from(serialiseManifest(manifest)).toString()).not.toContain("services");
    const services = { B: { function: "log", version: "v3" }, A: { function: "auth", alias: "prod" } } as const;
    const bytes = serialiseManifest({ ...manifest, services });
    expect(parseManifest(bytes)).toEqual({ ok: true, value: { ...manifest, services } });
    expect(Buffer.from(bytes).toString()).toContain(
      '"services":{"A":{"function":"auth","alias":"prod"},"B":{"function":"log","version":"v3"}}}',
    );
  });

  it("say of a snapshot that it was taken after the initializer only when it was, so that older manifests keep their bytes", () => {
    expect(new TextDecoder().decode(serialiseManifest(manifest))).not.toContain("initialized");
    const snapshots = manifest.snapshots.map((snapshot) => ({ ...snapshot, initialized: true }));
    const bytes = serialiseManifest({ ...manifest, snapshots });
    expect(new TextDecoder().decode(bytes)).toContain('"initialized":true');
    expect(parseManifest(bytes)).toMatchObject({ ok: true, value: { snapshots: [{ initialized: true }] } });
  });

  it("name egress lists only when there are any, and tell no list from an empty one", () => {
    expect(Buffer.from(serialiseManifest(manifest)).toString()).not.toContain("egress");
    const written = (egress: Egress): string => {
      const bytes = serialiseManifest({ ...manifest, egress });
      expect(parseManifest(bytes)).toEqual({ ok: true, value: { ...manifest, egress } });
      return Buffer.from(bytes).toString();
    };
    expect(written({ allow: null, deny: ["a.test"] })).toContain('"egress":{"deny":["a.test"]}}');
    expect(written({ allow: [], deny: [] })).toContain('"egress":{"allow":[],"deny":[]}}');
  });

  it("write one byte form whatever the order of keys and hooks", () => {
    const shuffled: VersionManifest = {
      ...(Object.fromEntries(Object.entries(manifest).toReversed()) as unknown as VersionManifest),
      hooks: ["fetch", "clientRequest"],
    };
    expect(serialiseManifest(shuffled)).toEqual(serialiseManifest(manifest));
  });

  it.each([
    ["no JSON", text("{"), "manifest: is not JSON in UTF-8"],
    ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "manifest: is not JSON in UTF-8"],
    ["an array", text("[]"), "manifest: is not an object"],
    ["another format", altered({ format: 2 }), "format: received an unknown format, allowed 1"],
    ["an unknown hook", altered({ hooks: ["fetch", "constructor"] }), "hooks[1]: is not one of"],
    ["no hook", altered({ hooks: [] }), "hooks: is not a list of 1..10 hooks"],
    ["egress lists that say nothing", altered({ egress: { deny: [] } }), "manifest: is not in canonical form"],
    [
      "egress lists out of order",
      altered({ egress: { deny: ["b.test", "a.test"] } }),
      "manifest: is not in canonical form",
    ],
    ["an egress entry that is none", altered({ egress: { deny: ["a.test/x"] } }), "egress.deny[0]: received"],
    ["services that are empty", altered({ services: {} }), "manifest: is not in canonical form"],
    [
      "a service without a version",
      altered({ services: { A: { function: "a" } } }),
      "services.A.version: received neither",
    ],
    ["an unknown key", altered({ extra: 1 }), "manifest: is not in canonical form"],
    ["a key named __proto__", text(`{"__proto__":{"format":1}}`), "format: received an unknown format"],
    ["a short digest", altered({ module: { digest: "ab", bytes: 1 } }), "module.digest: is not 64"],
    ["an empty module", altered({ module: { ...manifest.module, bytes: 0 } }), "module.bytes: is not a whole number"],
    ["a time without a zone", altered({ createdAt: "2026-01-02" }), "createdAt: is not an ISO 8601 time"],
    ["a control character in the name", altered({ function: "a\nb" }), "function: is not a text of 1..60"],
    ["a long version", altered({ version: "v".repeat(43) }), "version: is not a text of 1..42"],
    [
      "a limit out of range",
      altered({ limits: { ...manifest.limits, cpuMs: 0 } }),
      "limits.cpuMs: is not a whole number",
    ],
    ["a snapshot without a key", altered({ snapshots: [manifest.module] }), "snapshots[0].runtimeKey: is not a text"],
    ["too many bytes", new Uint8Array(40_000), "manifest: received 40000 bytes, allowed at most 32768"],
  ])("parseManifest() refuses %s", (_name, bytes, expected) => {
    expect(problemsOf(bytes).join("\n")).toContain(expected);
  });

  it("a manifest of a release before a limit that came later has its default, and no other limit may be missing", () => {
    const { bufferedBodyMiB, eventWallMs, initializerWallMs, ...earlier } = manifest.limits;
    const unsaid = { services: undefined, isolation: undefined, allowEval: undefined, event: undefined };
    expect(parseManifest(altered({ limits: earlier, ...unsaid }))).toEqual({ ok: true, value: manifest });
    const { cpuMs: _cpuMs, ...incomplete } = manifest.limits;
    expect(problemsOf(altered({ limits: incomplete })).join()).toContain("limits.cpuMs: is not a whole number");
    expect([bufferedBodyMiB, eventWallMs, initializerWallMs]).toEqual([6, 30_000, 10_000]);
  });

  it("parseManifest() lists every problem together", () => {
    expect(problemsOf(altered({ hooks: 1, module: 2, createdAt: 3 }))).toHaveLength(3);
  });

  it("parseManifest() refuses the same value written with blanks", () => {
    expect(
      problemsOf(
        text(JSON.stringify({ ...manifest, egress: undefined, event: undefined, wasm: undefined }, null, 1)),
      ).join(),
    ).toContain("canonical form");
  });
});

describe("signManifest() and verifyManifest()", () => {
  const key = generateSigningKey();
  const sealed = sealManifest(manifest, key);

  it("agree on the bytes that were signed", () => {
    expect(sealed.digest).toBe(digestOf(sealed.bytes));
    expect(verifyManifest(sealed.bytes, sealed.signature, key.publicKeyX)).toBe(true);
  });

  it("refuse every single changed byte", () => {
    for (let at = 0; at < sealed.bytes.length; at += 1) {
      const changed = sealed.bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verifyManifest(changed, sealed.signature, key.publicKeyX)).toBe(false);
    }
  });

  it("refuse another key's signature, and malformed keys and signatures without throwing", () => {
    const other = generateSigningKey();
    expect(verifyManifest(sealed.bytes, sealed.signature, other.publicKeyX)).toBe(false);
    expect(verifyManifest(sealed.bytes, signManifest(sealed.bytes, other.privateKeyPem), key.publicKeyX)).toBe(false);
    for (const signature of ["", "AAAA", "!".repeat(88), `${sealed.signature} `]) {
      expect(verifyManifest(sealed.bytes, signature, key.publicKeyX)).toBe(false);
    }
    for (const publicKey of ["", "A".repeat(42), `${key.publicKeyX}=`, "!".repeat(43)]) {
      expect(verifyManifest(sealed.bytes, sealed.signature, publicKey)).toBe(false);
    }
  });

  it("signManifest() refuses a key that is not Ed25519", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => signManifest(sealed.bytes, pem)).toThrow("the key is not Ed25519: received ec");
  });
});
