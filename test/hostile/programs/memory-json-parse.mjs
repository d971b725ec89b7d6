// attack: memory: JSON that is much larger once it is parsed, and nested beyond any stack
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    try {
      JSON.parse("[".repeat(20_000_000));
    } catch (error) {
      kept.push(error);
    }
    const text = `[${"{},".repeat(5_000_000)}{}]`;
    for (;;) kept.push(JSON.parse(text));
  },
};
