// attack: generators: iterators that never end wherever the platform takes an iterable
function* pairs() {
  for (let index = 0; ; index++) yield [`name${index}`, "value"];
}
async function* chunks() {
  for (;;) yield new Uint8Array(0);
}
const closes = {
  [Symbol.iterator]: () => ({
    next: () => ({ done: false, value: ["a", "b"] }),
    return() {
      throw new Error("not to be closed");
    },
  }),
};

export default {
  async fetch(request) {
    const attempts = [
      () => new Headers(pairs()),
      () => new URLSearchParams(closes),
      () => new Blob(pairs()),
      () => AbortSignal.any(pairs()),
      () => new Response(ReadableStream.from(chunks())).text(),
    ];
    await attempts[Number(new URL(request.url).pathname.split("/").at(-1)) % attempts.length]();
    return new Response("never");
  },
};
