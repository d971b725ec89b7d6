/** How the console breaks lines: short containers stay on one line. Pure text. */

const LINE_CHARS = 76;

/** `prefix{ a, b }` on one line when it fits, else one part a line. */
export function layout(prefix: string, open: "{" | "[", parts: readonly string[]): string {
  const close = open === "{" ? "}" : "]";
  if (parts.length === 0) return `${prefix}${open}${close}`;
  let length = prefix.length + 4;
  let multiline = false;
  for (const part of parts) {
    length += part.length + 2;
    multiline ||= part.includes("\n");
  }
  if (!multiline && length <= LINE_CHARS) return `${prefix}${open} ${parts.join(", ")} ${close}`;
  const indented = parts.map((part) => `  ${part.replaceAll("\n", "\n  ")}`);
  return `${prefix}${open}\n${indented.join(",\n")}\n${close}`;
}

/** A string literal, in the kind of quotes that needs the fewest escapes. */
export function quote(text: string): string {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : "`";
  const escaped = text.replaceAll(
    // eslint-disable-next-line no-control-regex -- control characters are what must not reach a log raw
    /[\\\u0000-\u001f\u007f-\u009f]|[\ud800-\udfff]/gu,
    (char) => escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${mark}${mark === "`" ? escaped.replaceAll("`", "\\`") : escaped}${mark}`;
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
