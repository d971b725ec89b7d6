// attack: getters and proxies: everything in the init of fetch and Request
const chunk = new Proxy(new Uint8Array(8), {});
const inits = [
  { method: { toString: () => "GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST" } },
  {
    method: "POST",
    body: {
      toString() {
        return this;
      },
    },
  },
  { method: "POST", duplex: "half", body: new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }) },
  {
    signal: new Proxy(new AbortController().signal, {
      get: () => () => {
        throw new Error("signal");
      },
    }),
  },
  {
    headers: {
      get a() {
        throw new Error("a");
      },
    },
  },
  { method: "POST", body: new Proxy(new Blob(["x"]), {}) },
  { redirect: { [Symbol.toPrimitive]: () => "error" }, cache: 1n, integrity: Symbol("x") },
];

export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    const results = await Promise.allSettled(inits.map((init) => fetch(internet, init)));
    return new Response(results.map(({ status }) => status).join());
  },
};
