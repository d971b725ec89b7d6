// attack: memory: promises that wait for promises, without end
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  async fetch() {
    let chain = new Promise(() => {});
    const all = [];
    for (;;) {
      for (let index = 0; index < 10_000; index++) {
        chain = chain.then(() => all);
        all.push(chain, Promise.all([chain, Promise.race([chain, all.at(-1)])]));
      }
      await null;
    }
  },
};
