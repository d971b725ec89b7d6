/**
 * The bytes of a version's manifest: how they are written, read, named and checked.
 *
 * It knows neither where artifacts are stored nor how they travel. Invariant: `parseManifest(serialiseManifest(m))` is `m`, one
 * manifest has one byte form, and bytes in any other form (other key order, blanks, unknown keys) are refused.
 */
import { defaultEgress, isSameEgress, parseEgress, writtenEgress, type WrittenEgress } from "./egress.ts";
import type { EventSettings } from "./event-settings.ts";
import { parseEventSettings, writtenEventSettings } from "./event-settings-parser.ts";
import { defaultIsolation, isolations, type Isolation } from "./isolation.ts";
import { createHash, createPublicKey, verify } from "node:crypto";
import type { BlobReference, Digest, SnapshotReference, VersionManifest } from "./artifact.ts";
import { functionLimitRanges, publishLimits, storeLimits, webAssemblyLimits, type FunctionLimits } from "./limits.ts";
import { hooks as allHooks, type Hook } from "./phase.ts";
import type { Parsed, Problem } from "./problem.ts";
import { parseServices, sortedServices } from "./service-target.ts";

/** No honest manifest is larger: names and limits are bounded and there are at most `snapshotsMax` snapshots. */
const manifestBytesMax = 32_768;
const snapshotsMax = 16;
const runtimeKeyCharsMax = 256;

/** The name of `bytes`: lower-case hex SHA-256. */
export function digestOf(bytes: Uint8Array): Digest {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Whether `value` has the form of a digest. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** The one byte form of `manifest`: JSON without blanks, keys in the order of the type. */
export function serialiseManifest(manifest: VersionManifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(ordered(manifest)));
}

/** Reads a manifest from bytes that may be hostile: every problem is listed, nothing is thrown. */
export function parseManifest(bytes: Uint8Array): Parsed<VersionManifest> {
  if (bytes.byteLength > manifestBytesMax) {
    return refuse(
      "manifest",
      `received ${String(bytes.byteLength)} bytes, allowed at most ${String(manifestBytesMax)}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse("manifest", "is not JSON in UTF-8");
  }
  const problems = new ProblemList();
  const manifest = readManifest(value, problems);
  if (manifest === null) return { ok: false, problems: problems.list };
  if (!sameBytes(serialiseManifest(asWritten(manifest, value)), bytes)) {
    return refuse("manifest", "is not in canonical form: keys in their fixed order, no blanks, no unknown keys");
  }
  return { ok: true, value: manifest };
}

/**
 * Whether `signatureBase64` is an Ed25519 signature over `bytes` by the owner of `publicKeyX` (raw key in base64url, JWK `x`).
 * Malformed keys and signatures are simply not valid.
 */
export function verifyManifest(bytes: Uint8Array, signatureBase64: string, publicKeyX: string): boolean {
  const signature = Buffer.from(signatureBase64, "base64");
  if (signature.byteLength !== 64 || signature.toString("base64") !== signatureBase64) return false;
  if (!/^[A-Za-z0-9_-]{43}$/.test(publicKeyX)) return false;
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKeyX }, format: "jwk" });
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
}

type Optional = "allowEval" | "egress" | "event" | "isolation" | "services" | "wasm";
type WrittenManifest = Omit<VersionManifest, Optional | "snapshots"> & {
  readonly snapshots: readonly (Omit<SnapshotReference, "initialized"> & { readonly initialized?: true })[];
} & Partial<
    Omit<Pick<VersionManifest, Optional>, "egress" | "event"> & {
      readonly egress: WrittenEgress;
      readonly event: Partial<EventSettings>;
    }
  >;

/** A manifest with its keys in the order they are written in. */
function ordered(manifest: VersionManifest): WrittenManifest {
  const blob = (reference: BlobReference): BlobReference => ({ digest: reference.digest, bytes: reference.bytes });
  return {
    format: 1,
    function: manifest.function,
    version: manifest.version,
    createdAt: manifest.createdAt,
    hooks: allHooks.filter((hook) => manifest.hooks.includes(hook)),
    limits: orderedLimits((key) => manifest.limits[key]),
    module: blob(manifest.module),
    sourceMap: manifest.sourceMap === null ? null : blob(manifest.sourceMap),
    snapshots: manifest.snapshots.map((snapshot) => ({
      ...blob(snapshot),
      runtimeKey: snapshot.runtimeKey,
      ...(snapshot.initialized ? { initialized: true } : {}),
    })),
    ...(manifest.wasm.length === 0 ? {} : { wasm: manifest.wasm.map((reference) => blob(reference)) }),
    // Absent when empty: manifests written before there were services keep their bytes.
    ...(Object.keys(manifest.services).length === 0 ? {} : { services: sortedServices(manifest.services) }),
    ...(manifest.isolation === defaultIsolation ? {} : { isolation: manifest.isolation }),
    ...(manifest.allowEval ? { allowEval: true } : {}),
    ...(isSameEgress(manifest.egress, defaultEgress) ? {} : { egress: writtenEgress(manifest.egress) }),
    ...(manifest.event === null ? {} : { event: writtenEventSettings(manifest.event) }),
  };
}

const limitKeys = Object.keys(functionLimitRanges) as (keyof FunctionLimits)[];
/** Limits that manifests of earlier releases do not name: those versions go on with the default. */
const laterLimits: ReadonlySet<keyof FunctionLimits> = new Set(["bufferedBodyMiB", "eventWallMs", "initializerWallMs"]);

function orderedLimits(valueOf: (key: keyof FunctionLimits) => number): FunctionLimits {
  return Object.fromEntries(limitKeys.map((key) => [key, valueOf(key)])) as FunctionLimits;
}

/** The manifest with those later limits only that its bytes name, so that they can be compared. */
function asWritten(manifest: VersionManifest, value: unknown): VersionManifest {
  const named: unknown = isRecord(value) ? value["limits"] : {};
  const limits = Object.entries(manifest.limits).filter(([key]) => isRecord(named) && named[key] !== undefined);
  return { ...manifest, limits: Object.fromEntries(limits) as FunctionLimits };
}

class ProblemList {
  readonly list: Problem[] = [];

  add(path: string, message: string): null {
    this.list.push({ path, message });
    return null;
  }
}

function readManifest(value: unknown, problems: ProblemList): VersionManifest | null {
  if (!isRecord(value)) return problems.add("manifest", "is not an object");
  if (value["format"] !== 1) return problems.add("format", "received an unknown format, allowed 1");
  const name = readText(value["function"], { path: "function", charsMax: storeLimits.functionNameCharsMax, problems });
  const version = readText(value["version"], { path: "version", charsMax: storeLimits.versionNameCharsMax, problems });
  const createdAt = readTime(value["createdAt"], problems);
  const hooks = readHooks(value["hooks"], problems);
  const limits = readLimits(value["limits"], problems);
  const module = readBlob(value["module"], { path: "module", bytesMax: publishLimits.bundleBytesMax, problems });
  const sourceMap =
    value["sourceMap"] === null
      ? null
      : readBlob(value["sourceMap"], { path: "sourceMap", bytesMax: publishLimits.sourceBytesMax * 2, problems });
  const snapshots = readSnapshots(value["snapshots"], problems);
  const wasm = readWasm(value["wasm"], problems);
  const services = parseServices(value["services"]);
  if (!services.ok) problems.list.push(...services.problems);
  const egress = parseEgress(value["egress"]);
  if (!egress.ok) problems.list.push(...egress.problems);
  const event = parseEventSettings(value["event"]);
  if (!event.ok) problems.list.push(...event.problems);
  const isolation = readIsolation(value["isolation"], problems);
  if (problems.list.length > 0) return null;
  if (name === null || version === null || createdAt === null || hooks === null) return null;
  if (limits === null || module === null || snapshots === null || wasm === null || !services.ok) return null;
  const allowEval = readAllowEval(value["allowEval"], problems);
  if (isolation === null || allowEval === null || !egress.ok || !event.ok) return null;
  const blobs = { module, sourceMap, snapshots, wasm };
  return {
    format: 1,
    function: name,
    version,
    createdAt,
    hooks,
    limits,
    ...blobs,
    services: services.value,
    isolation,
    allowEval,
    egress: egress.value,
    event: event.value,
  };
}

/** Written only when it may. */
function readAllowEval(value: unknown, problems: ProblemList): boolean | null {
  if (value === undefined) return false;
  return typeof value === "boolean" ? value : problems.add("allowEval", "is not true or false");
}

/** Manifests of earlier releases name none. */
function readIsolation(value: unknown, problems: ProblemList): Isolation | null {
  if (value === undefined) return defaultIsolation;
  return (
    isolations.find((known) => known === value) ?? problems.add("isolation", `is not one of ${isolations.join(", ")}`)
  );
}

interface TextRule {
  readonly path: string;
  readonly charsMax: number;
  readonly problems: ProblemList;
}

function readText(value: unknown, { path, charsMax, problems }: TextRule): string | null {
  if (typeof value === "string" && value.length <= charsMax && /^[\x20-\x7e]+$/.test(value)) return value;
  return problems.add(path, `is not a text of 1..${String(charsMax)} printable ASCII characters`);
}

function readTime(value: unknown, problems: ProblemList): string | null {
  if (typeof value === "string" && value.length <= 32) {
    const time = Date.parse(value);
    if (Number.isFinite(time) && new Date(time).toISOString() === value) return value;
  }
  return problems.add("createdAt", "is not an ISO 8601 time in UTC with milliseconds");
}

function readHooks(value: unknown, problems: ProblemList): Hook[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > allHooks.length) {
    return problems.add("hooks", `is not a list of 1..${String(allHooks.length)} hooks`);
  }
  const unknown = value.findIndex((hook: unknown) => !allHooks.some((known) => known === hook));
  if (unknown >= 0) return problems.add(`hooks[${String(unknown)}]`, `is not one of ${allHooks.join(", ")}`);
  return allHooks.filter((hook) => value.includes(hook));
}

function readLimits(value: unknown, problems: ProblemList): FunctionLimits | null {
  if (!isRecord(value)) return problems.add("limits", "is not an object");
  const limitOf = (key: keyof FunctionLimits): unknown =>
    value[key] === undefined && laterLimits.has(key) ? functionLimitRanges[key].default : value[key];
  const bad = limitKeys.filter((key) => !isIntegerIn(limitOf(key), functionLimitRanges[key]));
  for (const key of bad) {
    const { min, max } = functionLimitRanges[key];
    problems.add(`limits.${key}`, `is not a whole number in ${String(min)}..${String(max)}`);
  }
  return bad.length > 0 ? null : orderedLimits((key) => Number(limitOf(key)));
}

interface BlobRule {
  readonly path: string;
  readonly bytesMax: number;
  readonly problems: ProblemList;
}

function readBlob(value: unknown, { path, bytesMax, problems }: BlobRule): BlobReference | null {
  if (!isRecord(value)) return problems.add(path, "is not an object with digest and bytes");
  const { digest, bytes } = value;
  if (!isDigest(digest)) return problems.add(`${path}.digest`, "is not 64 lower-case hex digits");
  if (!isIntegerIn(bytes, { min: 1, max: bytesMax })) {
    return problems.add(`${path}.bytes`, `is not a whole number in 1..${String(bytesMax)}`);
  }
  return { digest, bytes: Number(bytes) };
}

function readSnapshots(value: unknown, problems: ProblemList): SnapshotReference[] | null {
  if (!Array.isArray(value) || value.length > snapshotsMax) {
    return problems.add("snapshots", `is not a list of 0..${String(snapshotsMax)} snapshots`);
  }
  const snapshots: SnapshotReference[] = [];
  for (const [index, entry] of value.entries()) {
    const path = `snapshots[${String(index)}]`;
    const blob = readBlob(entry, { path, bytesMax: publishLimits.snapshotBytesMax, problems });
    const keyOf: unknown = isRecord(entry) ? entry["runtimeKey"] : undefined;
    const runtimeKey = readText(keyOf, { path: `${path}.runtimeKey`, charsMax: runtimeKeyCharsMax, problems });
    const initialized = isRecord(entry) && entry["initialized"] === true;
    if (blob !== null && runtimeKey !== null) snapshots.push({ ...blob, runtimeKey, initialized });
  }
  return snapshots;
}

/** The canonical form has no such key where there are none. */
function readWasm(value: unknown, problems: ProblemList): BlobReference[] | null {
  if (value === undefined) return [];
  const { modulesMax, moduleBytesMax } = webAssemblyLimits;
  if (!Array.isArray(value) || value.length > modulesMax) {
    return problems.add("wasm", `is not a list of 0..${String(modulesMax)} blobs`);
  }
  const wasm: BlobReference[] = [];
  for (const [index, entry] of value.entries()) {
    const blob = readBlob(entry, { path: `wasm[${String(index)}]`, bytesMax: moduleBytesMax, problems });
    const last = wasm.at(-1);
    if (blob === null) continue;
    if (last !== undefined && last.digest >= blob.digest) problems.add("wasm", "is not sorted by digest, each once");
    wasm.push(blob);
  }
  return wasm;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIntegerIn(value: unknown, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function refuse(path: string, message: string): Parsed<VersionManifest> {
  return { ok: false, problems: [{ path, message }] };
}
