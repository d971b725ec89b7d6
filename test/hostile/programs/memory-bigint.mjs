// attack: memory: BigInts of the largest size
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (let bits = 1n << 26n; ; bits += 1_000_000n) kept.push(1n << bits, -(1n << bits));
  },
};
