// attack: memory and CPU: crypto.getRandomValues and randomUUID without end
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (;;) {
      kept.push(crypto.getRandomValues(new Uint8Array(65_536)));
      for (let index = 0; index < 1_000; index++) kept.push(crypto.randomUUID());
    }
  },
};
