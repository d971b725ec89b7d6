// attack: memory: structuredClone of ever larger and ever deeper values
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    let value = { bytes: new Uint8Array(16 * 1_024 * 1_024).fill(1), list: new Array(100_000).fill("text") };
    let deep = {};
    for (let depth = 0; depth < 100_000; depth++) deep = { deep };
    const kept = [];
    try {
      kept.push(structuredClone(deep));
    } catch (error) {
      kept.push(error);
    }
    for (;;) {
      kept.push(structuredClone(value));
      value = { value, again: structuredClone(value) };
    }
  },
};
