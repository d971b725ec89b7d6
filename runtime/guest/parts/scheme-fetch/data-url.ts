/** The data: URL processor (https://fetch.spec.whatwg.org/#data-url-processor). Pure. */
import { parseMimeType } from "../../web/body/mime-type.ts";
import { atob } from "../../web/encoding/base64.ts";
import { latin1ToBytes, latin1ToString } from "../../web/encoding/utf8.ts";
import { percentDecodeBytes } from "../../web/url/urlencoded.ts";

export interface DataUrl {
  /** In normal form. */
  readonly mimeType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `url` is in normal form and begins with `data:`. Null when it has no comma or its base64 is not well-formed. */
export function parseDataUrl(url: string): DataUrl | null {
  const fragment = url.indexOf("#");
  const input = url.slice("data:".length, fragment < 0 ? url.length : fragment);
  const comma = input.indexOf(",");
  if (comma < 0) return null;
  const declared = input.slice(0, comma).replaceAll(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");
  const decoded = percentDecodeBytes(input.slice(comma + 1));
  const base64 = /; *base64$/i.exec(declared);
  const bytes = base64 === null ? decoded : decodeBase64(decoded);
  return bytes === null
    ? null
    : { mimeType: mimeTypeOf(base64 === null ? declared : declared.slice(0, base64.index)), bytes };
}

function mimeTypeOf(declared: string): string {
  const type = parseMimeType(declared.startsWith(";") ? `text/plain${declared}` : declared);
  return type === null ? "text/plain;charset=US-ASCII" : type.text;
}

function decodeBase64(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  try {
    return latin1ToBytes(atob(latin1ToString(bytes)));
  } catch {
    return null;
  }
}
