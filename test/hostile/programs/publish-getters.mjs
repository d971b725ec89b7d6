// attack: publish time: exports that are proxies and getters, different each time they are looked at
let looks = 0;
export default new Proxy(
  {},
  {
    ownKeys: () => Array.from({ length: 10_000 }, (_, index) => `hook${index}`).concat("fetch"),
    has: () => true,
    getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: () => {} }),
    get(_, name) {
      looks++;
      if (looks > 100) for (;;);
      return name === "fetch" ? () => new Response("fetched") : undefined;
    },
  },
);
