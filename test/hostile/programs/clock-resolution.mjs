// attack: clocks: a timer fine enough for side channels, from every clock there is, in one synchronous run
export default {
  async fetch() {
    const reached = [];
    const clocks = { performance: () => performance.now(), date: () => Date.now(), make: () => new Date().getTime() };
    for (const [name, now] of Object.entries(clocks)) {
      const first = now();
      let last = first;
      let changes = 0;
      for (let index = 0; index < 100_000; index++) {
        const value = now();
        if (value !== last) changes++;
        last = value;
      }
      // Coarser than a millisecond is no help to anybody.
      if (changes > 0 && (last - first) / changes < 0.99)
        reached.push(`${name} ticks each ${(last - first) / changes} ms`);
    }
    return Response.json({ reached });
  },
};
