/**
 * multipart/form-data both ways (RFC 7578; https://html.spec.whatwg.org/#multipart-form-data for the escapes in names).
 *
 * Pure. The parser is strict: what is not well-formed is null, never a part of a form.
 */
import { latin1ToBytes, latin1ToString, decodeUtf8, encodeUtf8 } from "../../web/encoding/utf8.ts";
import { concatBytes } from "../../web/encoding/buffer-source.ts";
import { bytesOfBlob, File } from "../../web/body/blob.ts";
import { entriesOfForm, FormData } from "./form-data.ts";

/** Parts of one form; more are refused. */
const PARTS_MAX = 10_000;

/** The form as bytes. `boundary` must not occur in it: choose it at random. */
export function serializeMultipart(form: FormData, boundary: string): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  for (const [name, value] of entriesOfForm(form)) {
    const start = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(withCrLf(name))}"`;
    if (typeof value === "string") {
      chunks.push(encodeUtf8(`${start}\r\n\r\n${withCrLf(value)}\r\n`));
    } else {
      const type = value.type === "" ? "application/octet-stream" : value.type;
      chunks.push(encodeUtf8(`${start}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`));
      chunks.push(bytesOfBlob(value), encodeUtf8("\r\n"));
    }
  }
  chunks.push(encodeUtf8(`--${boundary}--\r\n`));
  return concatBytes(chunks);
}

/** The form that `bytes` hold, or null when they are not well-formed. */
export function parseMultipart(bytes: Uint8Array<ArrayBuffer>, boundary: string): FormData | null {
  // One character a byte, so that positions in the text are positions in the bytes.
  const text = latin1ToString(bytes);
  const delimiter = `--${boundary}`;
  const form = new FormData();
  let at = text.startsWith("\r\n") ? 2 : 0;
  if (!text.startsWith(delimiter, at)) return null;
  at += delimiter.length;
  for (let parts = 0; parts <= PARTS_MAX; parts++) {
    if (text.startsWith("--", at)) return form;
    const head = parsePartHead(text, at);
    if (head === null) return null;
    const end = text.indexOf(`\r\n${delimiter}`, head.bodyAt);
    if (end < 0) return null;
    const body = bytes.slice(head.bodyAt, end);
    if (head.fileName === null) form.append(head.name, decodeUtf8(body) ?? "");
    else form.append(head.name, new File([body], head.fileName, { type: head.type ?? "text/plain" }));
    at = end + 2 + delimiter.length;
  }
  return null;
}

interface PartHead {
  readonly name: string;
  readonly fileName: string | null;
  readonly type: string | null;
  readonly bodyAt: number;
}

function parsePartHead(text: string, start: number): PartHead | null {
  let at = start;
  let name: string | null = null;
  let fileName: string | null = null;
  let type: string | null = null;
  if (!text.startsWith("\r\n", at)) return null;
  at += 2;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return null;
    const line = text.slice(at, end);
    at = end + 2;
    if (line === "") break;
    const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*:[\t ]*(.*?)[\t ]*$/s.exec(line);
    if (field === null) return null;
    const [, fieldName = "", value = ""] = field;
    if (fieldName.toLowerCase() === "content-type") type = value;
    if (fieldName.toLowerCase() !== "content-disposition") continue;
    const disposition = /^form-data[\t ]*;[\t ]*name="([^"]*)"(?:[\t ]*;[\t ]*filename="([^"]*)")?/i.exec(value);
    if (disposition === null) return null;
    name = unescapeName(disposition[1] ?? "");
    fileName = disposition[2] === undefined ? null : unescapeName(disposition[2]);
  }
  return name === null ? null : { name, fileName, type, bodyAt: at };
}

function withCrLf(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, "\r\n");
}

function escapeName(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

function unescapeName(name: string): string {
  const text = decodeUtf8(latin1ToBytes(name)) ?? "";
  return text.replaceAll(/%0A/gi, "\n").replaceAll(/%0D/gi, "\r").replaceAll("%22", '"');
}
