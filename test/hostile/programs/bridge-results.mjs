// attack: results that are not answers: proxies, subclasses, revoked and foreign objects
class Sneaky extends Response {
  get status() {
    return 99_999;
  }
  get headers() {
    return new Proxy(super.headers, { get: () => () => "sneaky" });
  }
  get body() {
    throw new Error("no body");
  }
}
const { proxy, revoke } = Proxy.revocable(new Response("revoked"), {});
revoke();
const used = new Response("used");
const results = [
  () => new Sneaky("sneaky"),
  () => new Proxy(new Response("proxy"), {}),
  () => proxy,
  () => Object.create(Response.prototype),
  () => used,
  () => Symbol("result"),
  () => 2n ** 64n,
  () => Response.error(),
  () => new Response(null, { status: 204, headers: { "content-length": "1000000" } }),
  () => {
    throw {
      get message() {
        for (;;);
      },
      get stack() {
        throw this;
      },
    };
  },
];

export default {
  fetch(request) {
    return results[Number(new URL(request.url).pathname.split("/").at(-1)) % results.length]();
  },
};
