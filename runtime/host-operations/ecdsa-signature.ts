/**
 * ECDSA signatures in the two forms there are: WebCrypto's (IEEE P1363: r and s, each as long as the curve's order) and OpenSSL's own
 * (RFC 3279 §2.2.3: a DER sequence of two integers).
 *
 * Node.js converts, too, with `dsaEncoding`, but exports the key to ask for the order's length, each time: 110 µs for a P-256 signature instead of 38 (by hand).
 */

/** Bytes of the order of each curve that WebCrypto names. */
const orderBytes: ReadonlyMap<string, number> = new Map([
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
]);

const sequenceTag = 0x30;
const integerTag = 0x02;
/** Lengths from here on take a byte more; there are none above 255 here. */
const longLength = 0x80;

/** Null when the signature is not as long as the curve's are, so that it is not valid. */
export function ecdsaToDer(signature: Uint8Array, curve: string): Uint8Array | null {
  const size = orderBytes.get(curve);
  if (size === undefined || signature.length !== size * 2) return null;
  const integers = [signature.subarray(0, size), signature.subarray(size)].map(significant);
  const contentLength = integers.reduce((length, integer) => length + 2 + lengthOf(integer), 0);
  const prefix = contentLength < longLength ? [sequenceTag, contentLength] : [sequenceTag, 0x81, contentLength];
  const der = new Uint8Array(prefix.length + contentLength);
  der.set(prefix);
  let at = prefix.length;
  for (const integer of integers) {
    const length = lengthOf(integer);
    der[at] = integerTag;
    der[at + 1] = length;
    der.set(integer, at + 2 + length - integer.length);
    at += 2 + length;
  }
  return der;
}

/** `der` is OpenSSL's own; null for a curve that WebCrypto does not name. */
export function ecdsaFromDer(der: Uint8Array, curve: string): Buffer | null {
  const size = orderBytes.get(curve);
  if (size === undefined) return null;
  const signature = Buffer.alloc(size * 2);
  let at = (der[1] ?? 0) < longLength ? 2 : 3;
  for (const end of [size, size * 2]) {
    const length = der[at + 1] ?? 0;
    const integer = significant(der.subarray(at + 2, at + 2 + length));
    if (integer.length > size) return null;
    signature.set(integer, end - integer.length);
    at += 2 + length;
  }
  return signature;
}

/** Without leading zeros; of zero, one is left. */
function significant(integer: Uint8Array): Uint8Array {
  let from = 0;
  while (from < integer.length - 1 && integer[from] === 0) from += 1;
  return integer.subarray(from);
}

/** Content bytes of the DER integer: one more where the first bit would be a minus sign. */
function lengthOf(integer: Uint8Array): number {
  return (integer[0] ?? 0) < 0x80 ? integer.length : integer.length + 1;
}
