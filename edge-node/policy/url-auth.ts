/**
 * Signed URLs: whether a URL proves that the holder of the key gave it out, and what it is without the proof.
 *
 * The signed text is, with PATH as the client wrote it and TIME as it stands in the URL:
 * - type_a `PATH-TIME-RAND-UID-KEY` in `?auth_key=TIME-RAND-UID-SIGNATURE`, TIME in seconds since 1970;
 * - type_b `KEY TIME PATH` in `/TIME/SIGNATURE/PATH`, TIME as YYYYMMDDHHMM in UTC+8, as the API being implemented has it;
 * - type_c1 `KEY PATH TIME` in `/SIGNATURE/TIME/PATH`, type_c2 the same in `?auth_key=SIGNATURE&timestamp=TIME`, decimal or hexadecimal seconds;
 * (without the blanks). A URL is valid up to its time plus `expire_time`; a time that is yet to come makes it valid for longer, which its signer
 * wanted. Pure. Invariants: a URL is refused unless every part of its proof is there exactly once and well-formed; signatures are compared
 * without telling where they differ; whether a path needs a signature is judged on the path that is served, and on what lenient origins read it as.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { UrlAuth } from "../../sdk/domain-policy.ts";
import { secretForm } from "../../sdk/domain-secrets.ts";
import { changeUrl, type WireUrl } from "../pipeline/wire-url.ts";
import { canonicalPath } from "../rules/canonical-path.ts";
import { compilePathCondition } from "../rules/path-condition.ts";
import { withoutParameters, valuesOfParameter } from "./query-parameters.ts";

/** The URL of the request without its proof, and how to take the same proof out of another URL; null: refused. */
export type UrlJudge = (
  url: WireUrl,
  nowMs: number,
) => { readonly url: WireUrl; readonly strip: (other: WireUrl) => WireUrl } | null;

interface Proof {
  readonly signature: string;
  /** The paths that may be meant: as written, and canonical. */
  readonly paths: readonly string[];
  /** Of the time in the URL, seconds since 1970. */
  readonly signedAt: number;
  readonly signedText: (path: string, key: string) => string;
}

interface Reading {
  /** What is served. */
  readonly url: WireUrl;
  readonly strip: (other: WireUrl) => WireUrl;
  readonly proof: Proof | null;
}

/** Undefined: no URL needs a signature. */
export function compileUrlAuth(auth: UrlAuth | undefined): UrlJudge | undefined {
  if (auth === undefined || auth.status === "off") return undefined;
  const isNamed = compilePathCondition(auth);
  const needsProof = ({ match, lenientMatch }: WireUrl): boolean => isNamed(match) || isNamed(lenientMatch);
  const read = readers[auth.type];
  // A key that is not in the clear signs nothing: then every signature is wrong.
  const keys = [auth.key, auth.backup_key ?? ""].filter((key) => secretForm(key) === "clear");
  const isSigned = ({ signature, paths, signedText }: Proof): boolean =>
    keys.some((key) => paths.some((path) => isSame(signature, hash(auth.sign_method, signedText(path, key), "hex"))));
  return (url, nowMs) => {
    const { url: served, strip, proof } = read(auth, url);
    if (!needsProof(served) && !needsProof(url)) return { url, strip: unchanged };
    if (proof === null || nowMs > (proof.signedAt + auth.expire_time) * 1_000 || !isSigned(proof)) return null;
    return { url: served, strip };
  };
}

const unchanged = (url: WireUrl): WireUrl => url;

function isSame(given: string, computed: string): boolean {
  const left = Buffer.from(given.toLowerCase());
  const right = Buffer.from(computed);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

const readers: Readonly<Record<UrlAuth["type"], (auth: UrlAuth, url: WireUrl) => Reading>> = {
  type_a: (auth, url) => {
    const [value, ...more] = valuesOfParameter(url.query, auth.sign_arg);
    const parts = more.length === 0 ? /^((\d{1,12})-\w{0,100}-\w{0,100})-([0-9a-fA-F]+)$/.exec(value ?? "") : null;
    const [, signed = "", time = "", signature = ""] = parts ?? [];
    const signedText = (path: string, key: string): string => `${path}-${signed}-${key}`;
    const proof = parts && { signature, paths: spellings(url), signedAt: Number(time), signedText };
    return { ...stripQuery(url, [auth.sign_arg]), proof };
  },
  type_b: (_auth, url) => {
    const found = readPath(url, /^\/(\d{12})\/([0-9a-fA-F]{32,64})(?=\/)/);
    if (found === null) return { url, strip: unchanged, proof: null };
    const { first: time, second: signature, paths, stripped } = found;
    const signedText = (path: string, key: string): string => `${key}${time}${path}`;
    const signedAt = readMinute(time);
    return { ...stripped, proof: signedAt === null ? null : { signature, paths, signedAt, signedText } };
  },
  type_c1: (auth, url) => {
    const found = readPath(url, /^\/([0-9a-fA-F]{32,64})\/([0-9a-fA-F]{1,12})(?=\/)/);
    if (found === null) return { url, strip: unchanged, proof: null };
    const { first: signature, second: time, paths, stripped } = found;
    return { ...stripped, proof: proofOfC(auth, { signature, time, paths }) };
  },
  type_c2: (auth, url) => {
    const signatures = valuesOfParameter(url.query, auth.sign_arg);
    const times = valuesOfParameter(url.query, auth.time_arg);
    const [signature] = signatures;
    const [time] = times;
    const stripped = stripQuery(url, [auth.sign_arg, auth.time_arg]);
    const isWhole = signatures.length === 1 && times.length === 1;
    if (!isWhole || signature === undefined || time === undefined) return { ...stripped, proof: null };
    return { ...stripped, proof: proofOfC(auth, { signature, time, paths: spellings(url) }) };
  },
};

function proofOfC(
  auth: UrlAuth,
  given: { readonly signature: string; readonly time: string; readonly paths: readonly string[] },
): Proof | null {
  const { signature, time, paths } = given;
  const isHex = auth.time_format === "hex";
  if (!(isHex ? /^[0-9a-fA-F]{1,12}$/ : /^\d{1,12}$/).test(time)) return null;
  const signedText = (path: string, key: string): string => `${key}${path}${time}`;
  return { signature, paths, signedAt: Number.parseInt(time, isHex ? 16 : 10), signedText };
}

function spellings({ path, writtenPath }: WireUrl): readonly string[] {
  return path === writtenPath ? [path] : [writtenPath, path];
}

function stripQuery(url: WireUrl, names: readonly string[]): Pick<Reading, "url" | "strip"> {
  const strip = (other: WireUrl): WireUrl => {
    const query = withoutParameters(other.query, names);
    return query === other.query ? other : (changeUrl(other, { query }) ?? other);
  };
  return { url: strip(url), strip };
}

/** A proof in the first two segments of the path, in which nothing can be spelled in two ways. */
function readPath(
  url: WireUrl,
  prefix: RegExp,
): {
  readonly first: string;
  readonly second: string;
  readonly paths: readonly string[];
  readonly stripped: Pick<Reading, "url" | "strip">;
} | null {
  const [proof, first = "", second = ""] = prefix.exec(url.path) ?? [];
  if (proof === undefined) return null;
  const strip = (other: WireUrl): WireUrl =>
    other.path.startsWith(`${proof}/`) ? (changeUrl(other, { path: other.path.slice(proof.length) }) ?? other) : other;
  const served = strip(url);
  const written = url.writtenPath.startsWith(`${proof}/`) ? url.writtenPath.slice(proof.length) : served.path;
  const paths = written !== served.path && canonicalPath(written)?.path === served.path ? [written] : [];
  return { first, second, paths: [...paths, served.path], stripped: { url: served, strip } };
}

const UTC_8_SECONDS = 8 * 3_600;

/** YYYYMMDDHHMM in UTC+8 as seconds since 1970, or null. */
function readMinute(text: string): number | null {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3T$4:$5:00.000Z");
  const ms = Date.parse(iso);
  // Days that a month does not have would be read as those of the next.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) return null;
  return ms / 1_000 - UTC_8_SECONDS;
}
