/**
 * Stands in for `@exodus/bytes/utf16.js` when the guest is bundled (bundle-aliases.json): the package's own needs a native TextDecoder. Its tables
 * are stored as UTF-16LE, which is all that is asked for here.
 */
const { fromCharCode } = String;

/** The text of well-formed UTF-16LE. */
export function utf16toString(bytes: Uint8Array, form: "uint8-le"): string {
  if (form !== "uint8-le") throw new TypeError(`Cannot decode: the form ${String(form)} is not used by the tables`);
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2) text += fromCharCode((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  return text;
}

/** The same with U+FFFD for lone surrogates. */
export function utf16toStringLoose(bytes: Uint8Array, form: "uint8-le"): string {
  return utf16toString(bytes, form).toWellFormed();
}
