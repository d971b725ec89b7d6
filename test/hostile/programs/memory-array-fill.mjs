// attack: memory: huge arrays filled at once
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new Array(50_000_000).fill(1.5));
  },
};
