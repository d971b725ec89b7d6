// attack: memory: URLSearchParams with millions of names, sorted and written out
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const params = new URLSearchParams("a&".repeat(5_000_000));
    for (;;) {
      for (let index = 0; index < 1_000_000; index++) params.append(`n${index}`, "%".repeat(100));
      params.sort();
      params.set("text", params.toString());
    }
  },
};
