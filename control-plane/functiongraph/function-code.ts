/**
 * Code as clients of FunctionGraph send it, as an archive: inline source, a ZIP in base64, or nothing for the blank function. Pure.
 */
import { createHash } from "node:crypto";
import { fileOf } from "../../sdk/event-settings.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { looksLikeZip, packArchive, unpackArchive, type ArchiveFile } from "../../sdk/code-archive.ts";
import { FgsError } from "./fgs-error.ts";
import { invalid, type Body } from "./function-settings.ts";

/** A ZIP in base64, bytes of the ZIP. */
export const archiveBytesMax = 52_428_800;
export const inlineBytesMax: number = publishLimits.inlineBytesMax;

export interface FunctionCode {
  readonly codeType: "inline" | "zip";
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
export function readCode(body: Body, handler: string): FunctionCode {
  const codeType = body["code_type"] ?? "inline";
  if (codeType !== "inline" && codeType !== "zip") {
    throw invalid("FSS.1006", "code_type", { received: codeType, allowed: "inline, zip" });
  }
  const given = body["func_code"];
  const file = typeof given === "object" && given !== null ? (given as Body)["file"] : undefined;
  if (file === undefined || file === null || file === "") {
    if (codeType === "zip")
      throw new FgsError("FSS.1012", "func_code.file: received nothing, allowed: a ZIP in base64");
    return pack({ codeType, codeFilename: "index.js" }, [sourceFile(handler, Buffer.from(blankCode))]);
  }
  const bytes = decodeBase64(file);
  const codeFilename = typeof body["code_filename"] === "string" ? body["code_filename"].slice(0, 255) : "";
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

export function fromArchive(named: Pick<FunctionCode, "codeType" | "codeFilename">, archive: Uint8Array): FunctionCode {
  if (archive.byteLength > archiveBytesMax) {
    throw new FgsError(
      "FSS.1071",
      `func_code.file: received ${archive.byteLength} bytes, allowed: at most ${archiveBytesMax}`,
    );
  }
  const unpacked = unpackArchive(archive);
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

function decodeBase64(text: unknown): Uint8Array {
  const bytes = typeof text === "string" ? Buffer.from(text, "base64") : null;
  if (bytes !== null && bytes.toString("base64") === text) return bytes;
  throw new FgsError("FSS.1011", "func_code.file: allowed: base64 with padding");
}

function sha512(bytes: Uint8Array): string {
  return createHash("sha512").update(bytes).digest("hex");
}
