// attack: publish time: a memory bomb at the top level, in the heap and outside of it
const kept = [];
for (;;) kept.push(new Array(1_000_000).fill(kept.length), new Uint8Array(16 * 1_024 * 1_024).fill(1));
export default { fetch: () => new Response("never") };
