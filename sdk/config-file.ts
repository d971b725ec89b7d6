/**
 * The one configuration file: JSON (`.json`) or YAML with the sections `controlPlane` and `node`.
 *
 * Only the sections' names are known here; what may be in them is `parseSettings`' business. Reads no disk: the text is
 * given. Invariant: an unknown section, a duplicate key or a syntax error is a problem with its place in the file.
 */
import { LineCounter, parseDocument } from "yaml";
import type { Parsed } from "./problem.ts";

/** A section that is absent is undefined. */
export interface ConfigFile {
  readonly controlPlane: unknown;
  readonly node: unknown;
}

const SECTIONS: readonly string[] = ["controlPlane", "node"];

/** Largest configuration file, characters. */
export const configFileCharsMax = 1_048_576;

/** The sections of the file `path` (only for messages and to tell JSON from YAML). */
export function readConfigFile(text: string, path: string): Parsed<ConfigFile> {
  if (text.length > configFileCharsMax) {
    const message = `received ${text.length} characters, allowed: at most ${configFileCharsMax}`;
    return { ok: false, problems: [{ path, message }] };
  }
  const document = path.endsWith(".json") ? parseJson(text, path) : parseYaml(text, path);
  return document.ok ? readSections(document.value, path) : document;
}

function readSections(value: unknown, path: string): Parsed<ConfigFile> {
  if (value === null || value === undefined) return { ok: true, value: { controlPlane: undefined, node: undefined } };
  if (typeof value !== "object" || Array.isArray(value)) {
    const message = `allowed: an object with the sections ${SECTIONS.join(" and ")}`;
    return { ok: false, problems: [{ path, message }] };
  }
  const unknown = Object.keys(value).filter((key) => !SECTIONS.includes(key));
  if (unknown.length > 0) {
    const message = `is not a section, allowed: ${SECTIONS.join(", ")}`;
    return { ok: false, problems: unknown.map((key) => ({ path: `${path}: ${key}`, message })) };
  }
  const { controlPlane, node } = value as { controlPlane?: unknown; node?: unknown };
  return { ok: true, value: { controlPlane, node } };
}

function parseJson(text: string, path: string): Parsed<unknown> {
  if (text.trim() === "") return { ok: true, value: null };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { ok: false, problems: [{ path, message: `is not JSON: ${(error as SyntaxError).message}` }] };
  }
}

function parseYaml(text: string, path: string): Parsed<unknown> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: `${path}:${line}:${col}`, message: `is not YAML: ${error.message}` };
    });
    return { ok: false, problems };
  }
  try {
    return { ok: true, value: document.toJS() as unknown };
  } catch (error) {
    return { ok: false, problems: [{ path, message: `is not YAML: ${(error as Error).message}` }] };
  }
}
