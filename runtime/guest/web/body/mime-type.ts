/** Parsing of one MIME type (https://mimesniff.spec.whatwg.org/#parsing-a-mime-type), with its serialisation. */

export interface MimeType {
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  /** In normal form. */
  readonly text: string;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function parseMimeType(input: string): MimeType | null {
  const trimmed = trim(input);
  const semicolon = trimmed.indexOf(";");
  const full = trim(semicolon < 0 ? trimmed : trimmed.slice(0, semicolon));
  const slash = full.indexOf("/");
  if (slash < 0 || !TOKEN.test(full.slice(0, slash)) || !TOKEN.test(full.slice(slash + 1))) return null;
  const essence = full.toLowerCase();
  const parameters = semicolon < 0 ? new Map<string, string>() : parseParameters(trimmed.slice(semicolon));
  return { essence, parameters, text: essence + [...parameters].map(serializeParameter).join("") };
}

/** Reads `;name=value;name="quoted"` pieces; the first of a name counts, invalid ones are skipped. */
function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const piece = /;[\t\n\r ]*([^;=]*)(?:=(?:"((?:[^"\\]|\\.|\\$)*)"?[^;]*|([^;]*)))?/gs;
  for (const [, rawName = "", quoted, plain] of text.matchAll(piece)) {
    const name = rawName.toLowerCase();
    const value = quoted === undefined ? trimEnd(plain ?? "") : quoted.replaceAll(/\\(.)/gs, "$1");
    if (quoted === undefined && value === "") continue;
    if (TOKEN.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value) && !parameters.has(name))
      parameters.set(name, value);
  }
  return parameters;
}

function serializeParameter([name, value]: readonly [string, string]): string {
  return `;${name}=${TOKEN.test(value) ? value : `"${value.replaceAll(/["\\]/g, "\\$&")}"`}`;
}

function trim(text: string): string {
  return text.replaceAll(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
}

function trimEnd(text: string): string {
  return text.replace(/[\t\n\r ]+$/, "");
}
