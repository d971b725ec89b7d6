/**
 * The configuration in an exported function's file, read: YAML that a stranger may have written.
 *
 * Parsing does not give way to other work, and takes a time that grows with the square of the parts. Invariant: size and parts are bounded before
 * it starts, so that no file stops the control plane. Pure.
 */
import { Lexer, parse } from "yaml";
import type { Body } from "./body-fields.ts";
import { FgsError } from "./fgs-error.ts";

/** Of the YAML. Everything a function may be configured with is less. */
export const configBytesMax = 262_144;
/** Names, values, indents, line ends and marks; an exported configuration has some hundreds. */
export const configPartsMax = 4_096;

/** `path`: of the file, for messages. @throws FgsError FSS.1011. */
export function readExportedConfig(bytes: Uint8Array, path: string): Body {
  if (bytes.byteLength > configBytesMax) {
    throw refuse(path, `received ${bytes.byteLength} bytes, allowed: at most ${configBytesMax}`);
  }
  const text = Buffer.from(bytes).toString("utf8");
  if (hasTooManyParts(text)) throw refuse(path, `allowed: at most ${configPartsMax} parts`);
  try {
    const config = parse(text, { maxAliasCount: 0, prettyErrors: false, logLevel: "error" }) as unknown;
    if (typeof config === "object" && config !== null && !Array.isArray(config)) return config as Body;
  } catch {
    // Answered below.
  }
  throw refuse(path, "cannot be read, allowed: a map in YAML without aliases");
}

function hasTooManyParts(text: string): boolean {
  let parts = 0;
  for (const _part of new Lexer().lex(text)) if (++parts > configPartsMax) return true;
  return false;
}

function refuse(path: string, reason: string): FgsError {
  return new FgsError("FSS.1011", `file_code: ${path}: ${reason}`);
}
