/**
 * Rewrites a WebAssembly module so that what it declares can be limited: its own memories become imports, which the guest fills with
 * memories it made within the instance's budget, and its tables get a maximum. `memory.grow` in its code cannot be intercepted, a maximum can.
 *
 * Imports come first in the memory index space, so every index in the module's code stays right. Knows no WebAssembly engine: what it
 * does not understand it calls unreadable, and the caller refuses that unless the engine does it first. Used by host and guest, so it
 * relies on nothing that user code could have replaced.
 */
import { bareList, ByteReader, ByteWriter, lengthOf, ReadError } from "./module-bytes.ts";

/** What a module's own memory asks for, in pages of 64 KiB. */
export interface DeclaredMemory {
  readonly initialPages: number;
  /** Null: it sets none. */
  readonly maximumPages: number | null;
  /** Its addresses are 64 bits wide. */
  readonly is64: boolean;
}

export interface ModuleBounds {
  /** Elements of all tables together when they are made, and of each when it grows. */
  readonly tableElementsMax: number;
  /** Functions of one module, imports included. */
  readonly functionsMax: number;
}

export type LimitedModule =
  | {
      readonly kind: "limited";
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Imports behind the author's own: module `memoryImportName`, name = index. */
      readonly memories: readonly DeclaredMemory[];
      /** Its functions, imports included. */
      readonly functions: number;
      /** Its tables start larger than allowed: it compiles and cannot be instantiated. */
      readonly areTablesTooLarge: boolean;
    }
  /** Not well-formed, or newer than this file. */
  | { readonly kind: "unreadable" }
  | { readonly kind: "refused"; readonly reason: string };

/** The module name of the added imports; a module that uses it itself is refused. */
export const memoryImportName = "selvage:memory";

const sections = { import: 2, function: 3, table: 4, memory: 5 } as const;
/** Ids in the order of the binary format: tags (13) stand before globals, the data count (12) before the code. */
const sectionOrder: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const importKind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
const magic: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The limited form of `bytes`, which nobody may change meanwhile. */
export function limitModule(bytes: Uint8Array<ArrayBuffer>, bounds: ModuleBounds): LimitedModule {
  try {
    return rewrite(bytes, bounds);
  } catch (error) {
    if (error instanceof ReadError) return { kind: "unreadable" };
    throw error;
  }
}

interface Section {
  readonly id: number;
  readonly from: number;
  readonly contentFrom: number;
  readonly to: number;
}

interface TableChange {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly areTooLarge: boolean;
}

function rewrite(bytes: Uint8Array<ArrayBuffer>, bounds: ModuleBounds): LimitedModule {
  const found = readSections(bytes);
  const imports = findSection(found, sections.import);
  const memorySection = findSection(found, sections.memory);
  const tableSection = findSection(found, sections.table);
  const functions = countOf(bytes, imports) + countOf(bytes, findSection(found, sections.function));
  if (functions > bounds.functionsMax) {
    return { kind: "refused", reason: `it has ${functions} functions and imports, allowed are ${bounds.functionsMax}` };
  }
  const memories = memorySection === null ? bareList<DeclaredMemory>() : readMemories(bytes, memorySection);
  if (memories === "shared" || (imports !== null && importsSharedMemory(bytes, imports)))
    return { kind: "refused", reason: "shared memories are not available" };
  const tables = tableSection === null ? null : limitTables(bytes, tableSection, bounds.tableElementsMax);
  const areTablesTooLarge = tables?.areTooLarge === true;
  if (memories.length === 0 && tables === null)
    return { kind: "limited", bytes, memories, functions, areTablesTooLarge };
  const memoryDeclarations = memorySection === null || memories.length === 0 ? null : memorySection;
  const out = new ByteWriter();
  out.copy(bytes, 0, magic.length);
  let areImportsWritten = memoryDeclarations === null;
  for (let index = 0; index < found.length; index += 1) {
    const section = found[index];
    if (section === undefined) continue;
    if (!areImportsWritten && (section.id === sections.import || rankOf(section.id) > rankOf(sections.import))) {
      writeImports(out, bytes, { imports, memorySection: memoryDeclarations, count: memories.length });
      areImportsWritten = true;
    }
    if (section === memoryDeclarations || (section === imports && memoryDeclarations !== null)) continue;
    if (section === tableSection && tables !== null) out.section(sections.table, tables.content);
    else out.copy(bytes, section.from, section.to);
  }
  return { kind: "limited", bytes: out.take(), memories, functions, areTablesTooLarge };
}

function readSections(bytes: Uint8Array<ArrayBuffer>): readonly Section[] {
  const reader = new ByteReader(bytes, 0, lengthOf(bytes));
  for (let index = 0; index < magic.length; index += 1) {
    if (reader.byte() !== magic[index]) throw new ReadError();
  }
  const found = bareList<Section>();
  let rank = 0;
  while (!reader.isAtEnd()) {
    const from = reader.at;
    const id = reader.byte();
    const length = reader.u32();
    const contentFrom = reader.at;
    reader.skip(length);
    if (id !== 0) {
      const own = rankOf(id);
      if (own <= rank) throw new ReadError();
      rank = own;
    }
    found[found.length] = { id, from, contentFrom, to: reader.at };
  }
  return found;
}

/** Position among the sections. Custom sections (id 0) may stand anywhere and have none. */
function rankOf(id: number): number {
  for (let rank = 0; rank < sectionOrder.length; rank += 1) {
    if (sectionOrder[rank] === id) return rank + 1;
  }
  if (id === 0) return 0;
  throw new ReadError();
}

function findSection(found: readonly Section[], id: number): Section | null {
  for (let index = 0; index < found.length; index += 1) {
    const section = found[index];
    if (section?.id === id) return section;
  }
  return null;
}

/** The number a vector begins with. */
function countOf(bytes: Uint8Array<ArrayBuffer>, section: Section | null): number {
  return section === null ? 0 : new ByteReader(bytes, section.contentFrom, section.to).u32();
}

/** One limit of a memory or table; `flags` as in the binary format: 1 has a maximum, 2 is shared, 4 has 64-bit addresses. */
interface Limits {
  readonly flags: number;
  readonly minimum: number;
  readonly maximum: number | null;
}

const flagMaximum = 1;
const flagShared = 2;
const flag64 = 4;

function readLimits(reader: ByteReader): Limits {
  const flags = reader.byte();
  if (flags > (flagMaximum | flagShared | flag64)) throw new ReadError();
  const is64 = (flags & flag64) !== 0;
  const minimum = is64 ? reader.u64() : reader.u32();
  const hasMaximum = (flags & flagMaximum) !== 0;
  return { flags, minimum, maximum: !hasMaximum ? null : is64 ? reader.u64() : reader.u32() };
}

function readMemories(bytes: Uint8Array<ArrayBuffer>, section: Section): readonly DeclaredMemory[] | "shared" {
  const reader = new ByteReader(bytes, section.contentFrom, section.to);
  const count = reader.u32();
  const memories = bareList<DeclaredMemory>();
  for (let index = 0; index < count; index += 1) {
    const { flags, minimum, maximum } = readLimits(reader);
    if ((flags & flagShared) !== 0) return "shared";
    memories[index] = { initialPages: minimum, maximumPages: maximum, is64: (flags & flag64) !== 0 };
  }
  reader.expectEnd();
  return memories;
}

/** A shared memory from outside is one that code could wait on (`memory.atomic.wait32`), on a thread that all functions need. */
function importsSharedMemory(bytes: Uint8Array<ArrayBuffer>, section: Section): boolean {
  const reader = new ByteReader(bytes, section.contentFrom, section.to);
  const count = reader.u32();
  let isShared = false;
  for (let index = 0; index < count; index += 1) {
    reader.skip(reader.u32());
    reader.skip(reader.u32());
    const kind = reader.byte();
    if (kind === importKind.memory) isShared ||= (readLimits(reader).flags & flagShared) !== 0;
    else skipImported(reader, kind);
  }
  reader.expectEnd();
  return isShared;
}

function skipImported(reader: ByteReader, kind: number): void {
  switch (kind) {
    case importKind.function:
      reader.u32();
      return;
    case importKind.table:
      skipReferenceType(reader, reader.byte());
      readLimits(reader);
      return;
    case importKind.global:
      skipReferenceType(reader, reader.byte());
      reader.byte();
      return;
    case importKind.tag:
      reader.byte();
      reader.u32();
      return;
    default:
      throw new ReadError();
  }
}

/** The author's imports, then one for each declared memory with the very limits it was declared with. */
function writeImports(
  out: ByteWriter,
  bytes: Uint8Array<ArrayBuffer>,
  parts: { readonly imports: Section | null; readonly memorySection: Section | null; readonly count: number },
): void {
  const { imports, memorySection, count } = parts;
  if (memorySection === null) return;
  const content = new ByteWriter();
  content.u32(countOf(bytes, imports) + count);
  if (imports !== null) {
    const own = new ByteReader(bytes, imports.contentFrom, imports.to);
    own.u32();
    content.copy(bytes, own.at, imports.to);
  }
  const limits = new ByteReader(bytes, memorySection.contentFrom, memorySection.to);
  limits.u32();
  for (let index = 0; index < count; index += 1) {
    content.ascii(memoryImportName);
    content.ascii(`${index}`);
    content.byte(importKind.memory);
    const from = limits.at;
    readLimits(limits);
    content.copy(bytes, from, limits.at);
  }
  out.section(sections.import, content.take());
}

/** Each table with a maximum of at most `elementsMax`. */
function limitTables(bytes: Uint8Array<ArrayBuffer>, section: Section, elementsMax: number): TableChange {
  const reader = new ByteReader(bytes, section.contentFrom, section.to);
  const count = reader.u32();
  const content = new ByteWriter();
  content.u32(count);
  let elements = 0;
  for (let index = 0; index < count; index += 1) {
    const from = reader.at;
    const hasInitialiser = reader.byte() === 0x40;
    if (hasInitialiser) {
      if (reader.byte() !== 0) throw new ReadError();
      skipReferenceType(reader, reader.byte());
    } else {
      reader.at = from;
      skipReferenceType(reader, reader.byte());
    }
    content.copy(bytes, from, reader.at);
    const { flags, minimum, maximum } = readLimits(reader);
    elements += minimum;
    content.byte(flags | flagMaximum);
    const allowed = maximum === null || maximum > elementsMax ? elementsMax : maximum;
    content.u64(minimum);
    content.u64(allowed < minimum ? minimum : allowed);
    const rest = reader.at;
    if (hasInitialiser) skipConstantExpression(reader);
    content.copy(bytes, rest, reader.at);
  }
  reader.expectEnd();
  return { content: content.take(), areTooLarge: elements > elementsMax };
}

/** A reference type (or any other value's, which are one byte) whose first byte was read: one byte, or 0x63 / 0x64 and a heap type. */
function skipReferenceType(reader: ByteReader, first: number): void {
  if (first === 0x63 || first === 0x64) reader.skipInteger();
}

/** The initialisers that tables have in practice; any other instruction makes the module unreadable. */
function skipConstantExpression(reader: ByteReader): void {
  for (;;) {
    switch (reader.byte()) {
      case 0x0b:
        return;
      // global.get, i32.const, i64.const, ref.null, ref.func
      case 0x23:
      case 0x41:
      case 0x42:
      case 0xd0:
      case 0xd2:
        reader.skipInteger();
        break;
      default:
        throw new ReadError();
    }
  }
}
