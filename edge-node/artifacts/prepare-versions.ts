/**
 * Makes every version of a desired state ready to be loaded: manifest and blobs on the disk, digests and signature checked, secrets opened.
 *
 * Knows nothing of fronts and isolates. Invariant: a version is handed on only when its manifest's signature was verified with the
 * state's key and the manifest names this very function and version. What is wrong with one version is a failure of that version;
 * a control plane that cannot be reached, or a disk that fails, is thrown, because then the node is better off with the state it has.
 */
import { createHash } from "node:crypto";
import type { BlobReference, Digest, VersionManifest } from "../../sdk/artifact.ts";
import { parseManifest, verifyManifest } from "../../sdk/artifact-format.ts";
import type {
  CertificateFailure,
  DesiredState,
  FunctionState,
  VersionFailure,
  VersionState,
} from "../../sdk/desired-state.ts";
import { formatProblems } from "../../sdk/problem.ts";
import { openDomainSecrets } from "../../sdk/domain-secrets.ts";
import { openSecrets } from "../../sdk/sealed-secret.ts";
import type { Clock } from "../clock.ts";
import { ControlError, type BlobSource } from "../control/control-client.ts";
import type { FrontState, FrontVersion } from "../ipc.ts";
import type { Logger } from "../logger.ts";
import { BlobMismatchError, type BlobFolder, type BlobSpec } from "./blob-folder.ts";
import { fetchBlob } from "./fetch-blob.ts";
import { CertificateOpener } from "./open-certificates.ts";
import { mapBounded } from "./map-bounded.ts";
import { versionKey } from "./version-key.ts";

export interface PreparedState {
  readonly state: FrontState;
  /** Every blob the state's ready versions need. */
  readonly digests: ReadonlySet<Digest>;
  /** Certificates of the state that are not served as it says. */
  readonly certificateFailures: readonly CertificateFailure[];
  /** The state as a restart is to find it: with the certificates that are served. */
  readonly kept: DesiredState;
}

export interface VersionPreparerOptions {
  readonly blobs: BlobFolder;
  readonly token: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export interface PrepareOptions {
  /** Null: only what is on the disk. */
  readonly source: BlobSource | null;
  /** Snapshots for other runtimes are not fetched. */
  readonly runtimeKey: string | null;
  readonly signal: AbortSignal;
}

/** Why one version is not ready; everything else that is thrown stops the whole state. */
class VersionRefusal extends Error {}

interface WantedVersion {
  readonly owner: FunctionState;
  readonly version: VersionState;
  readonly state: DesiredState;
}

interface CheckedVersion {
  readonly digests: readonly Digest[];
}

const CONCURRENCY = 8;
const BLOBS_AT_ONCE = 3;
/** sdk/artifact-format.ts refuses larger manifests. */
const MANIFEST_BYTES_MAX = 16_384;

export class VersionPreparer {
  readonly #options: VersionPreparerOptions;
  readonly #certificates: CertificateOpener;
  /** Versions of the last state that were checked, by manifest, signature and key: nothing is read twice for them. */
  #checked = new Map<string, CheckedVersion>();
  readonly #fetching = new Map<Digest, Promise<void>>();

  constructor(options: VersionPreparerOptions) {
    this.#options = options;
    this.#certificates = new CertificateOpener(options);
  }

  async prepare(state: DesiredState, options: PrepareOptions): Promise<PreparedState> {
    const wanted = state.functions.flatMap((owner) => owner.versions.map((version) => ({ owner, version })));
    const checked = new Map<string, CheckedVersion>();
    const digests = new Set<Digest>();
    const failures: VersionFailure[] = [];
    const results = await mapBounded(wanted, {
      concurrency: CONCURRENCY,
      run: async ({ owner, version }) => {
        try {
          const memo = memoOf({ owner, version, state }, options.runtimeKey);
          const known = this.#checked.get(memo) ?? (await this.#check({ owner, version, state }, options));
          const ready = this.#open(owner, version);
          checked.set(memo, known);
          for (const digest of known.digests) digests.add(digest);
          return ready;
        } catch (error) {
          if (!(error instanceof VersionRefusal)) throw error;
          failures.push(failureOf(owner, { version: version.version, message: error.message }));
          return null;
        }
      },
    });
    this.#checked = checked;
    const versions = results.filter((version) => version !== null);
    const { serving, failures: certificateFailures, kept } = this.#certificates.open(state.certificates);
    return {
      state: { state: this.#forFronts(state), versions, certificates: serving, failures },
      digests,
      certificateFailures,
      kept: { ...state, certificates: kept },
    };
  }

  /** The state without functions' secrets, which come with the versions, and with those of domains opened. One that stays closed refuses access. */
  #forFronts(state: DesiredState): DesiredState {
    const { token, logger } = this.#options;
    const domains = state.domains.map((domain) => {
      const { config, closed } = openDomainSecrets(domain.config, token);
      if (closed.length > 0) logger.error({ domain: config.domain, closed }, "domain.secrets.closed");
      return { ...domain, config };
    });
    return { ...withoutSecrets(state), domains };
  }

  /** Deletes blobs that were found damaged, so that the next `prepare` fetches them again. */
  async discard(digests: readonly Digest[]): Promise<void> {
    for (const digest of digests) await this.#options.blobs.remove(digest);
    for (const [memo, known] of this.#checked) {
      if (known.digests.some((digest) => digests.includes(digest))) this.#checked.delete(memo);
    }
  }

  async #check({ owner, version, state }: WantedVersion, options: PrepareOptions): Promise<CheckedVersion> {
    const bytes = await this.#readManifest(version.digest, options);
    if (!verifyManifest(bytes, version.signature, state.publicKey)) {
      throw new VersionRefusal("the manifest's signature is not from this control plane");
    }
    const parsed = parseManifest(bytes);
    if (!parsed.ok) throw new VersionRefusal(`the manifest is not valid: ${formatProblems(parsed.problems)}`);
    const manifest = parsed.value;
    if (manifest.function !== owner.name || manifest.version !== version.version) {
      throw new VersionRefusal(`the manifest is of ${manifest.function} ${manifest.version}`);
    }
    return { digests: [version.digest, ...(await this.#ensureBlobs(manifest, options))] };
  }

  /** The module and what it imports, and what of source map and snapshot can be had: a version runs without them. */
  async #ensureBlobs(manifest: VersionManifest, options: PrepareOptions): Promise<Digest[]> {
    const { module, sourceMap, snapshots, wasm } = manifest;
    const needed: readonly (BlobReference | null)[] = [module, ...wasm];
    const usable = snapshots.filter(({ runtimeKey }) => runtimeKey === options.runtimeKey);
    const present = await mapBounded([...needed, sourceMap, ...usable], {
      concurrency: BLOBS_AT_ONCE,
      run: async (reference) => {
        if (reference === null) return null;
        try {
          await this.#ensure(specOf(reference), options);
          return reference.digest;
        } catch (error) {
          if (needed.includes(reference) || !(error instanceof VersionRefusal)) throw error;
          const { function: name, version } = manifest;
          this.#options.logger.warn({ function: name, version, reason: error.message }, "blob.optional.missing");
          return null;
        }
      },
    });
    return present.filter((digest) => digest !== null);
  }

  async #readManifest(digest: Digest, options: PrepareOptions): Promise<Buffer> {
    const { blobs, logger } = this.#options;
    const spec: BlobSpec = { digest, bytes: null, bytesMax: MANIFEST_BYTES_MAX };
    await this.#ensure(spec, options);
    let read = await blobs.read(digest);
    if (read.kind === "damaged") {
      logger.warn({ digest }, "blob.damaged");
      await blobs.remove(digest);
      await this.#ensure(spec, options);
      read = await blobs.read(digest);
    }
    if (read.kind === "found") return read.bytes;
    throw new VersionRefusal(`the manifest on this node's disk is ${read.kind}`);
  }

  async #ensure(spec: BlobSpec, options: PrepareOptions): Promise<void> {
    if (await this.#options.blobs.has(spec)) return;
    if (options.source === null) throw new VersionRefusal(`blob ${spec.digest} is not on this node's disk`);
    try {
      await this.#fetchOnce(spec, options.source, options.signal);
    } catch (error) {
      if (isAboutThisBlob(error)) throw new VersionRefusal(error.message, { cause: error });
      throw error;
    }
  }

  /** Versions often share a blob: it is fetched once. */
  #fetchOnce(spec: BlobSpec, source: BlobSource, signal: AbortSignal): Promise<void> {
    const running = this.#fetching.get(spec.digest);
    if (running !== undefined) return running;
    const fetching = fetchBlob(spec, { ...this.#options, source, signal }).finally(() => {
      this.#fetching.delete(spec.digest);
    });
    this.#fetching.set(spec.digest, fetching);
    return fetching;
  }

  #open(owner: FunctionState, version: VersionState): FrontVersion {
    const secrets = version.sealedSecrets === null ? null : openSecrets(version.sealedSecrets, this.#options.token);
    if (secrets?.ok === false) {
      throw new VersionRefusal(
        `its secrets cannot be opened with this node's token: ${formatProblems(secrets.problems)}`,
      );
    }
    const environment = { ...version.variables, ...secrets?.value };
    const { digest: manifest } = version;
    const named = { function: owner.name, version: version.version };
    const key = versionKey(named, fingerprint(manifest, environment));
    return { key, function: owner.name, version: version.version, manifest, environment };
  }
}

/** Everything a check depends on besides the disk. */
function memoOf({ owner, version, state }: WantedVersion, runtimeKey: string | null): string {
  return [owner.name, version.version, version.digest, version.signature, state.publicKey, runtimeKey].join(" ");
}

function specOf({ digest, bytes }: BlobReference): BlobSpec {
  return { digest, bytes, bytesMax: bytes };
}

function failureOf(owner: FunctionState, { version, message }: { version: string; message: string }): VersionFailure {
  return { function: owner.name, version, code: "FUNCTION_LOAD_FAILED", message };
}

function isAboutThisBlob(error: unknown): error is Error {
  if (error instanceof BlobMismatchError) return true;
  return error instanceof ControlError && (error.reason === "missing" || error.reason === "refused");
}

/** Fronts get opened secrets only, and only of versions that are ready. */
function withoutSecrets(state: DesiredState): DesiredState {
  const functions = state.functions.map((owner) => ({
    ...owner,
    versions: owner.versions.map((version) => ({ ...version, sealedSecrets: null })),
  }));
  return { ...state, functions, certificates: [] };
}

/** A short name for code and environment together. */
function fingerprint(manifest: Digest, environment: Readonly<Record<string, string>>): string {
  const names = Object.keys(environment).toSorted();
  const text = JSON.stringify([manifest, ...names.map((name) => [name, environment[name]])]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
