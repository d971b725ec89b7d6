// attack: memory: closures that hold each other, generators that never finish
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    function* holds(value) {
      for (;;) yield value;
    }
    let last = () => null;
    for (;;) {
      const before = last;
      const local = new Array(100).fill(before);
      last = () => [before, local];
      const generator = holds(last);
      generator.next();
      kept.push(generator);
    }
  },
};
