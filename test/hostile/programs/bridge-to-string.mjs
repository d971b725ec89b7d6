// attack: toString and Symbol.toPrimitive bombs wherever the platform asks for a string
let depth = 0;
const bomb = {
  toString() {
    return depth++ % 2 ? "b".repeat(500_000_000) : String(bomb);
  },
  [Symbol.toPrimitive]() {
    console.log(bomb);
    return new Error(`${depth}`, { cause: bomb });
  },
  get stack() {
    return bomb;
  },
};

export default {
  async fetch(request, env, ctx) {
    const attempts = [
      () => new Headers({ a: bomb }),
      () => new URL(bomb),
      () => console.log("%s %d %o", bomb, bomb, bomb),
      () => new Response(bomb),
      () => ctx.logger.error(bomb),
      () => new Error("x", { cause: bomb }),
      () => env[bomb],
      () => setTimeout(bomb, bomb),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch {
        // On to the next.
      }
    }
    throw bomb;
  },
};
