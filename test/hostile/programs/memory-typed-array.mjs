// attack: memory: a typed array of the largest length
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (const length of [2 ** 33, 2 ** 32, 2 ** 31, 2 ** 30, 2 ** 29, 2 ** 28]) {
      for (const type of [Float64Array, BigUint64Array, Uint8ClampedArray]) {
        try {
          kept.push(new type(length).fill(type === BigUint64Array ? 1n : 1));
        } catch {
          // The next one is smaller.
        }
      }
    }
    for (;;) kept.push(Float64Array.from({ length: 10_000_000 }, () => 1.5));
  },
};
