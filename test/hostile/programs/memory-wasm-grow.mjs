// attack: memory: WebAssembly memories that grow, tables too
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    for (;;) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
      kept.push(memory);
      let pages = 1;
      while (pages > 0) {
        try {
          memory.grow(256);
          pages += 256;
          new Uint8Array(memory.buffer).fill(1, (pages - 256) * 65_536);
        } catch {
          pages = 0;
        }
      }
      kept.push(new WebAssembly.Table({ element: "anyfunc", initial: 10_000_000 }));
    }
  },
};
