/**
 * Makes a uWebSockets.js build for Linux load on a glibc older than 2.38: pure bytes in, bytes out.
 *
 * The published builds ask for three C23 aliases (`__isoc23_strtol`, `__isoc23_strtoul`, `__isoc23_sscanf`, version GLIBC_2.38) whose
 * older names do the same for the input they get here. The copy made here asks for the older names: the dynamic symbols point past
 * the prefix in .dynstr, their .gnu.version entries and the GLIBC_2.38 entry of .gnu.version_r name the platform's first version.
 * Invariant: nothing else changes, the length included; any other layout throws.
 */

const PREFIX = "__isoc23_";
const NEWER = "GLIBC_2.38";
const SYMBOL_BYTES = 24;
const SECTION_BYTES = 64;

/** The first version of glibc's symbols on each architecture: what `strtol` has been since. */
const firstVersions: Readonly<Record<string, string>> = { x64: "GLIBC_2.2.5", arm64: "GLIBC_2.17" };

/** A patched copy of `original`. Throws when the file is not laid out as the known builds are. */
export function buildForOlderGlibc(original: Uint8Array, arch: string): Buffer {
  const firstVersion = firstVersions[arch];
  if (firstVersion === undefined)
    throw new Error(`Cannot patch uWebSockets.js: unknown architecture: received ${arch}`);
  const bytes = Buffer.from(original);
  const sections = readSections(bytes);
  const needs = readLibcNeeds(bytes, sections);
  const newer = needs.filter((need) => need.name === NEWER);
  const first = needs.find((need) => need.name === firstVersion);
  if (newer.length !== 1 || newer[0] === undefined || first === undefined) {
    throw new Error(`Cannot patch uWebSockets.js: expected libc.so.6 to be needed as ${firstVersion} and ${NEWER}`);
  }
  const renamed = renameSymbols(bytes, sections, { from: newer[0].index, to: first.index });
  if (renamed === 0) throw new Error(`Cannot patch uWebSockets.js: no symbol starts with ${PREFIX}`);
  bytes.writeUInt32LE(first.hash, newer[0].at);
  bytes.writeUInt32LE(first.nameOffset, newer[0].at + 8);
  return bytes;
}

interface Section {
  readonly offset: number;
  readonly size: number;
  readonly info: number;
}

interface Sections {
  readonly symbols: Section;
  readonly strings: Section;
  readonly symbolVersions: Section;
  readonly needs: Section;
}

/** One Vernaux entry of libc.so.6. */
interface VersionNeed {
  readonly at: number;
  readonly hash: number;
  readonly index: number;
  readonly nameOffset: number;
  readonly name: string;
}

function readSections(bytes: Buffer): Sections {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error("Cannot patch uWebSockets.js: not a 64-bit little-endian ELF file");
  }
  const tableAt = Number(bytes.readBigUInt64LE(0x28));
  const count = bytes.readUInt16LE(0x3c);
  const namesAt = tableAt + bytes.readUInt16LE(0x3e) * SECTION_BYTES;
  const names = Number(bytes.readBigUInt64LE(namesAt + 24));
  const found = new Map<string, Section>();
  for (let index = 0; index < count; index++) {
    const at = tableAt + index * SECTION_BYTES;
    found.set(stringAt(bytes, names + bytes.readUInt32LE(at)), {
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      info: bytes.readUInt32LE(at + 44),
    });
  }
  return {
    symbols: sectionOf(found, ".dynsym"),
    strings: sectionOf(found, ".dynstr"),
    symbolVersions: sectionOf(found, ".gnu.version"),
    needs: sectionOf(found, ".gnu.version_r"),
  };
}

function sectionOf(found: ReadonlyMap<string, Section>, name: string): Section {
  const section = found.get(name);
  if (section === undefined) throw new Error(`Cannot patch uWebSockets.js: no section ${name}`);
  return section;
}

function readLibcNeeds(bytes: Buffer, sections: Sections): VersionNeed[] {
  const result: VersionNeed[] = [];
  let file = sections.needs.offset;
  for (let files = sections.needs.info; files > 0; files--) {
    const fileName = stringAt(bytes, sections.strings.offset + bytes.readUInt32LE(file + 4));
    let at = file + bytes.readUInt32LE(file + 8);
    for (let entries = bytes.readUInt16LE(file + 2); entries > 0; entries--) {
      const nameOffset = bytes.readUInt32LE(at + 8);
      const name = stringAt(bytes, sections.strings.offset + nameOffset);
      if (fileName === "libc.so.6") {
        result.push({ at, hash: bytes.readUInt32LE(at), index: bytes.readUInt16LE(at + 6), nameOffset, name });
      }
      at += bytes.readUInt32LE(at + 12);
    }
    file += bytes.readUInt32LE(file + 12);
  }
  return result;
}

/** Points every symbol of version `from` past the prefix. Returns how many there were. */
function renameSymbols(bytes: Buffer, sections: Sections, version: { from: number; to: number }): number {
  const { symbols, strings, symbolVersions } = sections;
  let renamed = 0;
  for (let index = 0; index < symbols.size / SYMBOL_BYTES; index++) {
    const versionAt = symbolVersions.offset + index * 2;
    if ((bytes.readUInt16LE(versionAt) & 0x7fff) !== version.from) continue;
    const symbolAt = symbols.offset + index * SYMBOL_BYTES;
    const nameOffset = bytes.readUInt32LE(symbolAt);
    const name = stringAt(bytes, strings.offset + nameOffset);
    if (!name.startsWith(PREFIX)) throw new Error(`Cannot patch uWebSockets.js: ${NEWER} is needed for ${name}`);
    bytes.writeUInt32LE(nameOffset + PREFIX.length, symbolAt);
    bytes.writeUInt16LE(version.to, versionAt);
    renamed++;
  }
  return renamed;
}

function stringAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}
