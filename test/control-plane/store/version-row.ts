/** A version as stored, for tests that need one. */
import type { VersionRow } from "../../../control-plane/store.ts";
import { defaultFunctionLimits } from "../../../sdk/limits.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const digest = (character: string): string => character.repeat(64);

export function versionRow(changes: Partial<VersionRow> = {}): VersionRow {
  return {
    function: "hello",
    version: "v1",
    description: "first",
    createdAt,
    digest: digest("a"),
    signature: "c2ln",
    hooks: ["clientRequest", "fetch"],
    limits: defaultFunctionLimits,
    services: { AUTH: { function: "auth", alias: "prod" } },
    dependencies: {},
    isolation: "shared",
    allowEval: false,
    event: null,
    egress: { allow: ["*.example.com:443"], deny: ["203.0.113.0/24"] },
    moduleDigest: digest("b"),
    moduleBytes: 17,
    snapshot: { state: "ready", bytes: 5, reason: "" },
    variables: { COLOUR: "blue" },
    encryptedSecrets: "sealed",
    blobs: [digest("a"), digest("b")],
    ...changes,
  };
}
