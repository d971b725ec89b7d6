// attack: CPU: one BigInt operation that takes minutes
export default {
  fetch() {
    const huge = 3n ** 20_000_000n;
    return new Response(String(huge ** 3n % (huge - 1n)).slice(0, 100));
  },
};
