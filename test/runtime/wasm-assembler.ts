/**
 * Assembles small WebAssembly modules by hand, section by section, as the binary format has them
 * (https://webassembly.github.io/spec/core/binary/modules.html). No length is longer than the bytes a test needs.
 */

export type Bytes = readonly number[];

/** LEB128 of a whole number. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** A vector: the number of items, then the items. */
export function vector(items: readonly Bytes[]): number[] {
  const bytes = leb(items.length);
  for (const item of items) for (const byte of item) bytes.push(byte);
  return bytes;
}

export function name(text: string): number[] {
  return [...leb(text.length), ...Buffer.from(text)];
}

export function section(id: number, content: Bytes): number[] {
  return [id, ...leb(content.length), ...content];
}

export function moduleOf(...sections: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, ...sections.flat()]);
}

/** Limits without a maximum, with one, and with 64-bit addresses. */
export const limits = {
  from: (minimum: number): number[] => [0x00, ...leb(minimum)],
  between: (minimum: number, maximum: number): number[] => [0x01, ...leb(minimum), ...leb(maximum)],
  shared: (minimum: number, maximum: number): number[] => [0x03, ...leb(minimum), ...leb(maximum)],
  from64: (minimum: number): number[] => [0x04, ...leb(minimum)],
} as const;

const i32 = 0x7f;
const [typeId, functionId, memoryId, exportId, codeId] = [1, 3, 5, 7, 10];

/** `(func (export name) (param i32) (result i32) local.get 0 … )` of one instruction, such as [0x40, 0x00] for memory.grow. */
function unary(instruction: Bytes): number[] {
  const body = [0x00, 0x20, 0x00, ...instruction, 0x0b];
  return [...leb(body.length), ...body];
}

/**
 * A module with memories, and for each memory `n` functions `grow<n>(pages)` = `memory.grow n` and `read<n>(at)` = `i32.load8_u` of it,
 * and the memory itself as `memory<n>`.
 */
export function growingModule(memories: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const bodies = memories.flatMap((_, n) => [
    unary([0x40, ...leb(n)]),
    unary(n === 0 ? [0x2d, 0x00, 0x00] : [0x2d, 0x40, ...leb(n), 0x00]),
  ]);
  const exported = memories.flatMap((_, n) => [
    [...name(`grow${n}`), 0x00, ...leb(2 * n)],
    [...name(`read${n}`), 0x00, ...leb(2 * n + 1)],
    [...name(`memory${n}`), 0x02, ...leb(n)],
  ]);
  return moduleOf(
    section(typeId, vector([[0x60, 0x01, i32, 0x01, i32]])),
    section(functionId, vector(bodies.map(() => [0x00]))),
    section(memoryId, vector(memories)),
    section(exportId, vector(exported)),
    section(codeId, vector(bodies)),
  );
}

/** `(func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)` and nothing else. */
export const addModule: Uint8Array<ArrayBuffer> = moduleOf(
  section(typeId, vector([[0x60, 0x02, i32, i32, 0x01, i32]])),
  section(functionId, vector([[0x00]])),
  section(exportId, vector([[...name("add"), 0x00, 0x00]])),
  section(codeId, vector([[0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6a, 0x0b]])),
);
