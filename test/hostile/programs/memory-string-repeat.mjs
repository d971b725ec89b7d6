// attack: memory: the longest strings, flattened and split
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (;;) {
      const text = "ab".repeat(2 ** 27);
      kept.push(text, text.split("a"), text.replaceAll("a", "xyz"), text.toUpperCase());
    }
  },
};
