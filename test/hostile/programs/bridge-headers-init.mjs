// attack: getters and proxies: headers init and ResponseInit that change, throw and never end
let turn = 0;
const shifty = new Proxy(
  { a: "1" },
  {
    ownKeys: () => ["a", `b${turn++}`],
    getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: turn }),
    get: (_, name) => (typeof name === "symbol" ? undefined : { toString: () => `${String(name)}${turn++}` }),
  },
);
const inits = [
  { headers: shifty },
  {
    get headers() {
      return this;
    },
  },
  {
    get status() {
      return (turn += 100);
    },
    statusText: { toString: () => "OK\r\nx: y" },
  },
  {
    status: {
      valueOf: () => {
        throw new RangeError("no status");
      },
    },
  },
  {
    headers: new Proxy([], {
      get: (_, name) =>
        name === Symbol.iterator
          ? function* () {
              for (;;) yield ["x", "y"];
            }
          : 1,
    }),
  },
  new Proxy(
    {},
    {
      get: () => {
        for (;;);
      },
    },
  ),
];

export default {
  fetch(request) {
    return new Response("init", inits[Number(new URL(request.url).pathname.split("/").at(-1)) % inits.length]);
  },
};
