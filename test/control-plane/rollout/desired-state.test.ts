import { describe, expect, it } from "vitest";
import { buildDesiredState, type Sealer, type StateRows } from "../../../control-plane/rollout/desired-state.ts";
import { parseDesiredState } from "../../../edge-node/control/stream-message-parser.ts";
import { versionRow } from "../store/version-row.ts";

const createdAt = "2026-01-02T03:04:05.678Z";

function rows(changes: Partial<StateRows> = {}): StateRows {
  return {
    revision: 7,
    publicKey: "k".repeat(43),
    functions: [
      { name: "empty", description: "", enabled: true, createdAt },
      { name: "hello", description: "", enabled: false, createdAt },
    ],
    versions: [versionRow({ version: "v1", encryptedSecrets: null }), versionRow({ version: "v2" })],
    aliases: [{ function: "hello", name: "live", version: "v1", grey: null, previous: ["v0"], updatedAt: createdAt }],
    domains: [],
    certificates: [],
    reserved: [],
    ...changes,
  };
}

const certificate: StateRows["certificates"][number] = {
  name: "www",
  facts: { domains: ["www.example.com"], notBefore: "", notAfter: "", fingerprint: "", keyType: "", issuer: "" },
  chain: "chain",
  encryptedKey: "enc1.key",
  updatedAt: createdAt,
};
const withoutSecrets: Sealer = { secretsOf: () => null, keyOf: () => "sealed", domainSecretOf: () => "sealed1.a.b.c" };

describe("buildDesiredState()", () => {
  it("holds every function with its versions, aliases and the newest version as latest", () => {
    const state = buildDesiredState(rows({ certificates: [certificate] }), {
      secretsOf: ({ version }) => `sealed ${version}`,
      keyOf: ({ encryptedKey }) => `sealed ${encryptedKey}`,
      domainSecretOf: () => "sealed1.a.b.c",
    });
    expect(state).toEqual({
      format: 1,
      revision: 7,
      publicKey: "k".repeat(43),
      functions: [
        { name: "empty", enabled: true, versions: [], aliases: [], latest: null },
        {
          name: "hello",
          enabled: false,
          versions: ["v1", "v2"].map((version) => ({
            version,
            digest: "a".repeat(64),
            signature: "c2ln",
            variables: { COLOUR: "blue" },
            sealedSecrets: `sealed ${version}`,
          })),
          aliases: [{ name: "live", version: "v1" }],
          latest: "v2",
        },
      ],
      domains: [],
      certificates: [{ name: "www", chain: "chain", sealedKey: "sealed enc1.key" }],
    });
  });

  it("gives what a node accepts", () => {
    const state = buildDesiredState(rows({ certificates: [certificate] }), withoutSecrets);
    expect(parseDesiredState(JSON.parse(JSON.stringify(state)))).toEqual({ ok: true, value: state });
  });

  it("does not let names of prototypes confuse functions", () => {
    const functions = ["constructor", "toString"].map((name) => ({ name, description: "", enabled: true, createdAt }));
    const state = buildDesiredState(rows({ functions, versions: [], aliases: [] }), withoutSecrets);
    expect(state.functions.map(({ versions, aliases }) => [...versions, ...aliases])).toEqual([[], []]);
  });

  it("gives each version the reservations of its own name, of the aliases whose main version it is, and of latest", () => {
    const config = (count: number) => ({ count, schedules: [], metric: null, recommended: null, idleMode: true });
    const reserved = ["live", "v2", "latest", "gone"].map((qualifier, index) => ({
      function: "hello",
      qualifier,
      config: config(index + 1),
      instances: 1,
      memoryMiB: 128,
      updatedAt: createdAt,
    }));
    const state = buildDesiredState(rows({ reserved }), withoutSecrets);
    const policy = (count: number) => ({ count, schedules: [], metric: null, recommended: null });
    expect(state.functions.map(({ versions }) => versions.map((version) => version.reserved))).toEqual([
      [],
      [[policy(1)], [policy(2), policy(3)]],
    ]);
    expect(parseDesiredState(JSON.parse(JSON.stringify(state)))).toEqual({ ok: true, value: state });
  });
});
