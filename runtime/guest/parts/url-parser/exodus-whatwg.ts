/**
 * Stands in for `@exodus/bytes/whatwg.js` when the guest is bundled (bundle-aliases.json): percent-encoding after encoding, in
 * UTF-8 only, since nothing else is ever asked for.
 */
import { encodeUtf8 } from "../../web/encoding/utf8.ts";

/** `input` in UTF-8 with everything outside 0x21..0x7e and `extra` percent-encoded (https://url.spec.whatwg.org/#string-percent-encode-after-encoding). */
export function percentEncodeAfterEncoding(_encoding: string, input: string, extra: string): string {
  let encoded = "";
  for (const byte of encodeUtf8(input)) {
    const char = String.fromCharCode(byte);
    const plain = byte > 0x1f && byte <= 0x7e && !extra.includes(char);
    encoded += plain ? char : `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
  }
  return encoded;
}
