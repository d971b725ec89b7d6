// attack: memory: promises that wait for promises, without end
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
