/** A control plane's signing key and the versions it signs, as blobs and states for tests. */
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { Digest, SnapshotReference, VersionManifest } from "../../../sdk/artifact.ts";
import { digestOf, serialiseManifest } from "../../../sdk/artifact-format.ts";
import type { DesiredState, DomainState, FunctionState, VersionState } from "../../../sdk/desired-state.ts";
import { defaultEgress, type Egress } from "../../../sdk/egress.ts";
import { parseDomain } from "../../../sdk/domain-parser.ts";
import { defaultFunctionLimits } from "../../../sdk/limits.ts";
import { parseRules } from "../../../sdk/rule-parser.ts";
import type { Services } from "../../../sdk/service-target.ts";
import { sealSecrets } from "../../../sdk/sealed-secret.ts";

export interface ReleaseOptions {
  readonly function?: string;
  readonly version?: string;
  readonly code?: string;
  readonly sourceMap?: string;
  readonly snapshots?: readonly { readonly runtimeKey: string; readonly bytes: string }[];
  /** In the order of their digests. */
  readonly wasm?: readonly Uint8Array[];
  readonly services?: Services;
  readonly egress?: Egress;
  readonly variables?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly nodeToken?: string;
}

export interface Release {
  readonly function: string;
  readonly state: VersionState;
  readonly manifest: VersionManifest;
}

export class Signer {
  readonly publicKey: string;
  readonly blobs: Map<Digest, Buffer> = new Map();
  readonly #privateKey: KeyObject;

  constructor() {
    const pair = generateKeyPairSync("ed25519");
    this.publicKey = String(pair.publicKey.export({ format: "jwk" }).x);
    this.#privateKey = pair.privateKey;
  }

  /** Stores a version's blobs and returns what a state says about it. */
  release(options: ReleaseOptions = {}): Release {
    const { function: name = "hello", version = "v1", code = `var __selvageModule = {};` } = options;
    const snapshots: SnapshotReference[] = (options.snapshots ?? []).map(({ runtimeKey, bytes }) => {
      return { ...this.#store(bytes), runtimeKey, initialized: false };
    });
    const manifest: VersionManifest = {
      format: 1,
      function: name,
      version,
      createdAt: "2026-01-02T03:04:05.000Z",
      hooks: ["fetch"],
      limits: defaultFunctionLimits,
      isolation: "shared",
      allowEval: false,
      event: null,
      egress: options.egress ?? defaultEgress,
      module: this.#store(code),
      sourceMap: options.sourceMap === undefined ? null : this.#store(options.sourceMap),
      snapshots,
      wasm: (options.wasm ?? []).map((bytes) => this.#store(bytes)),
      services: options.services ?? {},
    };
    const bytes = serialiseManifest(manifest);
    const { digest } = this.#store(bytes);
    const state: VersionState = {
      version,
      digest,
      signature: sign(null, bytes, this.#privateKey).toString("base64"),
      variables: options.variables ?? {},
      sealedSecrets: options.secrets === undefined ? null : sealSecrets(options.secrets, options.nodeToken ?? "token"),
    };
    return { function: name, state, manifest };
  }

  /** A state of these releases; the last of each function is its `latest` and its alias `live`. */
  state(revision: number, releases: readonly Release[], domains: readonly DomainState[] = []): DesiredState {
    const names = [...new Set(releases.map((release) => release.function))];
    const functions = names.map((name): FunctionState => {
      const versions = releases.filter((release) => release.function === name).map(({ state }) => state);
      const latest = versions.at(-1)?.version ?? null;
      const aliases = latest === null ? [] : [{ name: "live", version: latest }];
      return { name, enabled: true, versions, aliases, latest };
    });
    return { format: 1, revision, publicKey: this.publicKey, functions, domains, certificates: [] };
  }

  #store(content: string | Uint8Array): { readonly digest: Digest; readonly bytes: number } {
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { digest, bytes: bytes.byteLength };
  }
}

/** A domain whose every request is answered by `function`'s alias `live`. */
export function domainServedBy(domain: string, functionName: string): DomainState {
  const config = parseDomain({ sources: [{ origin_type: "ipaddr", origin_addr: "192.0.2.1" }] }, domain);
  const rules = parseRules([{ phase: "fetch", matchType: "all", function: functionName, alias: "live", priority: 1 }]);
  if (!config.ok || !rules.ok) throw new Error("the test's domain is not valid");
  return { config: config.value, rules: rules.value };
}
