// attack: CPU: little by little, across awaits and timers, so that no single turn is long
export default {
  async fetch() {
    let sum = 0;
    for (;;) {
      for (let index = 0; index < 100_000; index++) sum += Math.sqrt(index);
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (sum < 0) return new Response("never");
    }
  },
};
