// attack: memory: an array that grows element by element, kept by the module
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    for (;;) kept.push({ number: kept.length, text: String(kept.length) });
  },
};
