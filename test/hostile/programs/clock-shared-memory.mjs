// attack: clocks: SharedArrayBuffer, shared WebAssembly memory, Atomics.wait
export default {
  async fetch() {
    const reached = [];
    const attempts = {
      SharedArrayBuffer: () => new SharedArrayBuffer(8),
      sharedMemory: () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
      constructorOfMemory: () =>
        new new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.constructor(8),
      wait: () =>
        Atomics.wait(
          new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer),
          0,
          0,
          60_000,
        ),
      waitAsync: () => Atomics.waitAsync(new Int32Array(8), 0, 0),
      gc: () => gc(),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        const made = attempt();
        if (Object.prototype.toString.call(made) !== "[object ArrayBuffer]") reached.push(name);
      } catch {
        // Gone, as it should be.
      }
    }
    return Response.json({ reached });
  },
};
