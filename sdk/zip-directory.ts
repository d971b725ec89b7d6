/**
 * What the central directory of a ZIP says of its entries (APPNOTE.TXT §4.3.12, §4.3.16): names, and which are links or devices. Pure.
 *
 * Reads no content. Invariant: a directory that is cut off, split over several files or in ZIP64 form is none.
 */
const endBytes = 22;
const commentBytesMax = 65_535;
const headerBytes = 46;
const unixHost = 3;
const typeMask = 0o170000;
const regularFile = 0o100000;
const folder = 0o040000;

/** Names of entries that are neither files nor folders; null: there is no whole directory. */
export function readZipDirectory(archive: Uint8Array): { readonly entries: number; readonly special: string[] } | null {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = findEnd(bytes);
  if (end === null) return null;
  const entries = bytes.readUInt16LE(end + 10);
  const length = bytes.readUInt32LE(end + 12);
  const start = bytes.readUInt32LE(end + 16);
  const isOneFile = bytes.readUInt16LE(end + 4) === 0 && bytes.readUInt16LE(end + 8) === entries;
  if (!isOneFile || start + length > end) return null;
  const special: string[] = [];
  let at = start;
  for (let index = 0; index < entries; index++) {
    if (at + headerBytes > end || bytes.readUInt32LE(at) !== 0x02014b50) return null;
    const host = bytes.readUInt8(at + 5);
    const nameBytes = bytes.readUInt16LE(at + 28);
    const type = (bytes.readUInt32LE(at + 38) >>> 16) & typeMask;
    const name = bytes.toString("utf8", at + headerBytes, at + headerBytes + nameBytes);
    if (host === unixHost && type !== 0 && type !== regularFile && type !== folder) special.push(name);
    at += headerBytes + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return at === start + length ? { entries, special } : null;
}

/** Where its last record begins: one whose comment ends with the archive. */
function findEnd(bytes: Buffer): number | null {
  for (let at = bytes.byteLength - endBytes; at >= Math.max(0, bytes.byteLength - endBytes - commentBytesMax); at--) {
    if (bytes.readUInt32LE(at) !== 0x06054b50) continue;
    if (at + endBytes + bytes.readUInt16LE(at + 20) === bytes.byteLength) return at;
  }
  return null;
}
