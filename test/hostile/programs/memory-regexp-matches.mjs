// attack: memory: match arrays, replacement strings and compiled patterns
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    const text = "abcdefgh".repeat(1_000_000);
    for (let index = 0; ; index++) {
      kept.push([...text.matchAll(/(?<one>.)(?<two>.)/g)]);
      kept.push(text.replace(/./g, "$`"));
      kept.push(new RegExp(`${index}(?:${"a|b".repeat(10_000)})`).test(text));
    }
  },
};
