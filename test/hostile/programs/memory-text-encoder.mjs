// attack: memory: TextEncoder and TextDecoder with the longest strings
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    const text = "€".repeat(100_000_000);
    for (;;) {
      const bytes = new TextEncoder().encode(text);
      kept.push(bytes, new TextDecoder("utf-16le").decode(bytes), new TextDecoder().decode(bytes));
    }
  },
};
