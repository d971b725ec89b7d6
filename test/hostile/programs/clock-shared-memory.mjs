// attack: clocks: SharedArrayBuffer, Atomics.wait, WebAssembly modules with shared memory, garbage collection on demand
// (module (import "m" "m" (memory 1 1 shared)) (func (export "w") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
const waits = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 9, 1, 1, 0x6d, 1, 0x6d, 2, 3, 1, 1, 3, 2, 1, 0, 7, 5, 1, 1,
  0x77, 0, 0, 10, 15, 1, 13, 0, 0x41, 0, 0x41, 0, 0x42, 0x7f, 0xfe, 1, 2, 0, 0x1a, 0x0b,
]);

export default {
  async fetch() {
    const reached = [];
    const shared = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const attempts = {
      SharedArrayBuffer: () => new SharedArrayBuffer(8),
      wait: () => Atomics.wait(new Int32Array(shared().buffer), 0, 0, 60_000),
      waitAsync: () => Atomics.waitAsync(new Int32Array(shared().buffer), 0, 0),
      wasmWait: () => new WebAssembly.Instance(new WebAssembly.Module(waits), { m: { m: shared() } }).exports.w(),
      gc: () => gc(),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        attempt();
        reached.push(name);
      } catch {
        // Gone, as it should be.
      }
    }
    return Response.json({ reached });
  },
};
