// attack: memory: ArrayBuffers, outside of the heap
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    for (;;) kept.push(new Uint8Array(32 * 1_024 * 1_024).fill(1));
  },
};
