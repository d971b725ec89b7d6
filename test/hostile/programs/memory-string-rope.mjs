// attack: memory: a rope of strings that doubles, flattened by a search
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    let text = "rope";
    for (let index = 0; index < 26; index++) text += text;
    const kept = [];
    for (;;) kept.push(text.padStart(500_000_000, text), text.normalize("NFKD"), text.indexOf("\u0001"), [...text]);
  },
};
