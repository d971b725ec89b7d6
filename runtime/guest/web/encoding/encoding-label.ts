/**
 * Names of encodings (https://encoding.spec.whatwg.org/#names-and-labels) that the core decodes itself; all others are the part legacy-encodings.
 */

export type CoreEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

const labels: Readonly<Record<CoreEncoding, string>> = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16be": "unicodefffe utf-16be",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 " +
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};

/** A label without surrounding ASCII whitespace, in lower case. */
export function normalLabel(label: string): string {
  return label.replaceAll(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
}

/** The encoding a label names, or undefined when it is not one of the core's. */
export function coreEncodingOf(label: string): CoreEncoding | undefined {
  const name = normalLabel(label);
  if (name === "utf-8" || name === "utf8") return "utf-8";
  return coreEncodings.find((encoding) => labels[encoding].split(" ").includes(name));
}

const coreEncodings = Object.keys(labels) as CoreEncoding[];
