/**
 * Turns one line of the control plane's stream, or the state kept on disk, into a typed value or the list of what is wrong.
 *
 * The sender is authenticated but may be newer, broken or cut off: everything a node names files by or routes with is checked
 * here, once. Invariant: a state is taken whole or refused whole; unknown keys of the envelope are ignored, of domains and rules not.
 */
import type {
  AliasState,
  CertificateState,
  DesiredState,
  DomainState,
  FunctionState,
  StreamMessage,
  VersionState,
} from "../../sdk/desired-state.ts";
import { readAliasGrey } from "../../sdk/alias-grey-parser.ts";
import { refuseCertificateName } from "../../sdk/certificate.ts";
import { isDigest } from "../../sdk/artifact-format.ts";
import { parseDomain } from "../../sdk/domain-parser.ts";
import { FieldReader, parsedUnless } from "../../sdk/field-reader.ts";
import {
  refuseAliasName,
  refuseFunctionName,
  refuseVersionName,
  refuseVersionReference,
} from "../../sdk/function-name.ts";
import { certificateLimits } from "../../sdk/cdn-limits.ts";
import { storeLimits } from "../../sdk/limits.ts";
import type { Parsed, Problem } from "../../sdk/problem.ts";
import { readReservedPolicies } from "../../sdk/reserved-parser.ts";
import { parseRules } from "../../sdk/rule-parser.ts";
import { sealedCharsMax } from "../../sdk/sealed-secret.ts";
import { parseCalls, parseExplain, parseInvoke } from "./invoke-parser.ts";
import { parsePreheatMessage, parsePurges } from "./purges-parser.ts";

/** Functions in one state; far beyond what one node can hold. */
const FUNCTIONS_MAX = 100_000;

/** `kind` of a message this version of Selvage does not know. */
export interface UnknownMessage {
  readonly kind: "unknown";
  readonly name: string;
}

/** One line of the stream. */
export function parseStreamMessage(line: string): Parsed<StreamMessage | UnknownMessage> {
  let input: unknown;
  try {
    input = JSON.parse(line);
  } catch {
    return { ok: false, problems: [{ path: "message", message: "is not JSON" }] };
  }
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const kind = fields.raw("kind");
  if (kind === "state") {
    const state = parseDesiredState(fields.raw("state"));
    return state.ok ? { ok: true, value: { kind, state: state.value } } : state;
  }
  if (kind === "heartbeat") return parsedUnless(problems, { kind, revision: readRevision(fields) });
  if (kind === "explain") return parseExplain(fields, problems);
  if (kind === "calls") return parseCalls(fields, problems);
  if (kind === "invoke") return parseInvoke(fields, problems);
  if (kind === "purges") return parsePurges(input);
  if (kind === "preheat") return parsePreheatMessage(input);
  const name = fields.string("kind", { check: () => null });
  return parsedUnless(problems, { kind: "unknown", name: name.slice(0, 64) });
}

/** A whole state, from the stream or from the disk. */
export function parseDesiredState(input: unknown): Parsed<DesiredState> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "state", problems });
  const format = fields.choice("format", { values: [1] });
  const revision = readRevision(fields);
  const publicKey = fields.string("publicKey", {
    check: (text) => (/^[A-Za-z0-9_-]{43}$/.test(text) ? null : "an Ed25519 key, 43 characters of base64url"),
  });
  const functions = readItems(fields, { key: "functions", itemsMax: FUNCTIONS_MAX, problems, read: readFunction });
  const domains = readItems(fields, { key: "domains", itemsMax: storeLimits.domainsMax, problems, read: readDomain });
  const { certificatesMax: itemsMax } = certificateLimits;
  const certificates = readItems(fields, { key: "certificates", itemsMax, problems, read: readCertificate });
  return parsedUnless(problems, { format, revision, publicKey, functions, domains, certificates });
}

function readRevision(fields: FieldReader): number {
  return fields.integer("revision", { min: 0, max: Number.MAX_SAFE_INTEGER });
}

interface ItemsOptions<T> {
  readonly key: string;
  readonly itemsMax: number;
  readonly problems: Problem[];
  readonly read: (item: FieldReader, problems: Problem[]) => T;
}

function readItems<T>(fields: FieldReader, { key, itemsMax, problems, read }: ItemsOptions<T>): readonly T[] {
  return fields
    .items(key, { itemsMax })
    .map(({ path, input }) => read(new FieldReader(input, { path, problems }), problems));
}

function readFunction(fields: FieldReader, problems: Problem[]): FunctionState {
  const latest = fields.raw("latest") ?? null;
  if (latest !== null && (typeof latest !== "string" || refuseVersionName(latest) !== null)) {
    fields.report("latest", "is neither null nor a version name");
  }
  return {
    name: fields.string("name", { check: refuseFunctionName }),
    enabled: fields.boolean("enabled", {}),
    versions: readItems(fields, {
      key: "versions",
      itemsMax: storeLimits.versionsPerFunctionMax,
      problems,
      read: readVersion,
    }),
    aliases: readItems(fields, {
      key: "aliases",
      itemsMax: storeLimits.aliasesPerFunctionMax,
      problems,
      read: readAlias,
    }),
    latest: typeof latest === "string" ? latest : null,
  };
}

function readAlias(fields: FieldReader): AliasState {
  const name = fields.string("name", { check: refuseAliasName });
  const version = fields.string("version", { check: refuseVersionReference });
  return fields.has("grey") ? { name, version, grey: readAliasGrey(fields.object("grey")) } : { name, version };
}

function readVersion(fields: FieldReader): VersionState {
  const sealed = fields.raw("sealedSecrets") ?? null;
  if (sealed !== null && (typeof sealed !== "string" || sealed.length > sealedCharsMax)) {
    fields.report("sealedSecrets", `is neither null nor a text of at most ${sealedCharsMax} characters`);
  }
  return {
    version: fields.string("version", { check: refuseVersionName }),
    digest: fields.string("digest", { check: (text) => (isDigest(text) ? null : "64 lower-case hex digits") }),
    signature: fields.string("signature", { check: (text) => (text.length <= 128 ? null : "at most 128 characters") }),
    variables: readVariables(fields),
    sealedSecrets: typeof sealed === "string" ? sealed : null,
    ...(fields.has("reserved") ? { reserved: readReservedPolicies(fields, "reserved") } : {}),
  };
}

function readVariables(fields: FieldReader): Readonly<Record<string, string>> {
  const input = fields.raw("variables");
  const entries = typeof input === "object" && input !== null && !Array.isArray(input) ? Object.entries(input) : null;
  if (entries === null || entries.some(([, value]) => typeof value !== "string")) {
    fields.report("variables", "is not an object of strings");
    return {};
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

/** What is in chain and key is looked at where they are opened: one certificate's fault must not refuse the state. */
function readCertificate(fields: FieldReader): CertificateState {
  const text = (key: string, charsMax: number): string => {
    const value = fields.raw(key);
    if (typeof value === "string" && value.length <= charsMax) return value;
    fields.report(key, `is not a text of at most ${charsMax} characters`);
    return "";
  };
  return {
    name: fields.string("name", { check: refuseCertificateName }),
    chain: text("chain", certificateLimits.chainCharsMax),
    sealedKey: text("sealedKey", sealedCharsMax),
  };
}

function readDomain(fields: FieldReader, problems: Problem[]): DomainState {
  const config: unknown = fields.raw("config");
  const named = new FieldReader(config, { path: fields.pathOf("config"), problems });
  const name = named.string("domain", { check: () => null });
  const parsedConfig = parseDomain(config, name, { secrets: ["sealed", "clear"] });
  const rules = parseRules(fields.raw("rules"));
  for (const parsed of [parsedConfig, rules]) {
    if (parsed.ok) continue;
    problems.push(
      ...parsed.problems.map(({ path, message }) => ({ path: `${fields.pathOf(path)} of ${name}`, message })),
    );
  }
  // The stand-ins are never seen: the problems noted above refuse the state.
  return {
    config: parsedConfig.ok ? parsedConfig.value : ({} as DomainState["config"]),
    rules: rules.ok ? rules.value : [],
  };
}
