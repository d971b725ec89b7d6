/**
 * Code as clients of FunctionGraph send it, as an archive: inline source, a ZIP in base64, the address of a ZIP, or nothing for the blank function.
 */
import { createHash } from "node:crypto";
import { fileOf } from "../../sdk/event-settings.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { looksLikeZip, packArchive, unpackArchive, type ArchiveFile } from "../../sdk/code-archive.ts";
import { refuseCodeUrl, type CodeDownload } from "../publish/code-download.ts";
import { FgsError } from "./fgs-error.ts";
import type { CodeType } from "./fgs-row.ts";
import { invalid, type Body } from "./function-settings.ts";

/** A ZIP in base64, bytes of the ZIP. */
export const archiveBytesMax = 52_428_800;
export const inlineBytesMax: number = publishLimits.inlineBytesMax;

export interface FunctionCode {
  readonly codeType: CodeType;
  readonly codeFilename: string;
  readonly archive: Uint8Array;
  /** SHA-512 of the archive, hex. */
  readonly codeDigest: string;
  readonly files: readonly ArchiveFile[];
}

/** Answers with the event, as the blank function of the system being implemented does. */
const blankCode = `exports.handler = async (event, context) => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  isBase64Encoded: false,
  body: JSON.stringify(event),
});
`;

/** Of a body that creates a function or changes its code. @throws FgsError. */
export async function readCode(
  body: Body,
  { handler, download }: { readonly handler: string; readonly download: Pick<CodeDownload, "fetch"> },
): Promise<FunctionCode> {
  const codeType = body["code_type"] ?? "inline";
  if (codeType === "obs") {
    const named = { codeType, codeFilename: fileNameOf(body) } as const;
    return fromArchive(named, await fetchArchive(body["code_url"], { key: "code_url", download }));
  }
  if (codeType !== "inline" && codeType !== "zip") {
    throw invalid("FSS.1006", "code_type", { received: codeType, allowed: "inline, zip, obs" });
  }
  const given = body["func_code"];
  const file = typeof given === "object" && given !== null ? (given as Body)["file"] : undefined;
  if (file === undefined || file === null || file === "") {
    if (codeType === "zip")
      throw new FgsError("FSS.1012", "func_code.file: received nothing, allowed: a ZIP in base64");
    return pack({ codeType, codeFilename: "index.js" }, [sourceFile(handler, Buffer.from(blankCode))]);
  }
  const bytes = decodeBase64(file);
  const codeFilename = fileNameOf(body);
  if (looksLikeZip(bytes)) return fromArchive({ codeType, codeFilename }, bytes);
  if (codeType === "zip") throw new FgsError("FSS.1013", "func_code.file: it is no ZIP archive");
  if (bytes.byteLength > inlineBytesMax) {
    throw new FgsError(
      "FSS.1072",
      `func_code.file: received ${bytes.byteLength} bytes, allowed: at most ${inlineBytesMax}`,
    );
  }
  return pack({ codeType, codeFilename: codeFilename === "" ? "index.js" : codeFilename }, [
    sourceFile(handler, bytes),
  ]);
}

/** The bytes at an address that a client named. @throws FgsError FSS.1010, FSS.1071, FSS.0429. */
export async function fetchArchive(
  url: unknown,
  { key, download }: { readonly key: string; readonly download: Pick<CodeDownload, "fetch"> },
): Promise<Uint8Array> {
  const allowed = typeof url === "string" ? refuseCodeUrl(url) : "an http or https URL";
  // It may hold a secret.
  if (typeof url !== "string" || allowed !== null) throw new FgsError("FSS.1010", `${key}: allowed: ${allowed ?? ""}`);
  const outcome = await download.fetch(url);
  switch (outcome.kind) {
    case "fetched":
      return outcome.bytes;
    case "refused":
      throw new FgsError("FSS.1010", `${key}: ${outcome.reason}`);
    case "too-large":
      throw new FgsError("FSS.1071", `${key}: ${outcome.reason}`);
    case "busy":
      throw new FgsError("FSS.0429", "Too many archives are being fetched.");
  }
}

/** The entry that a handler's file means. @throws FgsError FSS.1003. */
export function entryOf(files: readonly ArchiveFile[], handler: string): string {
  const base = fileOf(handler);
  for (const extension of ["js", "mjs", "cjs", "ts", "mts"]) {
    const path = `${base}.${extension}`;
    if (files.some((file) => file.path === path)) return path;
  }
  throw new FgsError(
    "FSS.1003",
    `handler: received ${handler}, but the code has no file ${base}.js, .mjs, .cjs, .ts or .mts`,
  );
}

export async function fromArchive(
  named: Pick<FunctionCode, "codeType" | "codeFilename">,
  archive: Uint8Array,
): Promise<FunctionCode> {
  if (archive.byteLength > archiveBytesMax) {
    throw new FgsError(
      "FSS.1071",
      `func_code.file: received ${archive.byteLength} bytes, allowed: at most ${archiveBytesMax}`,
    );
  }
  const unpacked = await unpackArchive(archive);
  if (!unpacked.ok) throw new FgsError("FSS.1011", `func_code.file: ${unpacked.reason}`);
  return { ...named, archive, codeDigest: sha512(archive), files: unpacked.files };
}

function pack(named: Pick<FunctionCode, "codeType" | "codeFilename">, files: readonly ArchiveFile[]): FunctionCode {
  const archive = packArchive(files);
  return { ...named, archive, codeDigest: sha512(archive), files };
}

function sourceFile(handler: string, bytes: Uint8Array): ArchiveFile {
  return { path: `${fileOf(handler)}.js`, bytes };
}

function fileNameOf(body: Body): string {
  return typeof body["code_filename"] === "string" ? body["code_filename"].slice(0, 255) : "";
}

/** @throws FgsError FSS.1011. */
export function decodeBase64(text: unknown, key = "func_code.file"): Uint8Array {
  const bytes = typeof text === "string" ? Buffer.from(text, "base64") : null;
  if (bytes !== null && bytes.toString("base64") === text) return bytes;
  throw new FgsError("FSS.1011", `${key}: allowed: base64 with padding`);
}

function sha512(bytes: Uint8Array): string {
  return createHash("sha512").update(bytes).digest("hex");
}
