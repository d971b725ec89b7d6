/**
 * Names of encodings (https://encoding.spec.whatwg.org/#names-and-labels), as far as this runtime decodes them.
 * Labels of other encodings are unknown here.
 */

export type EncodingName = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

const labels: Readonly<Record<EncodingName, string>> = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16be": "unicodefffe utf-16be",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 " +
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};

/** The encoding a label names, or undefined when it is not one of ours. */
export function encodingOfLabel(label: string): EncodingName | undefined {
  const name = label.replaceAll(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
  if (name === "utf-8" || name === "utf8") return "utf-8";
  return encodingNames.find((encoding) => labels[encoding].split(" ").includes(name));
}

const encodingNames = Object.keys(labels) as EncodingName[];
