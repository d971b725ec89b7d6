/**
 * What a test file expects around it, run inside the function before testharness.js: a location, and relative URLs that resolve against
 * it. Nothing here changes how an API behaves otherwise. `testUrl` is declared by the program that this is pasted into.
 */
globalThis.GLOBAL = { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false };
globalThis.location = new URL(testUrl);

{
  const PlainRequest = Request;
  const PlainURL = URL;
  const plainFetch = fetch;
  const resolve = (input) =>
    (typeof input === "object" && input !== null && !(input instanceof PlainURL)) || typeof input === "symbol"
      ? input
      : new PlainURL(String(input), testUrl).href;
  globalThis.Request = new Proxy(PlainRequest, {
    construct: (target, [input, ...rest], newTarget) =>
      Reflect.construct(
        target,
        input instanceof PlainRequest ? [input, ...rest] : [resolve(input), ...rest],
        newTarget,
      ),
  });
  PlainRequest.prototype.constructor = globalThis.Request;
  globalThis.fetch = new Proxy(plainFetch, {
    apply: (target, self, [input, ...rest]) => {
      try {
        return Reflect.apply(target, self, [input instanceof PlainRequest ? input : resolve(input), ...rest]);
      } catch (error) {
        return Promise.reject(error);
      }
    },
  });
  Response.redirect = new Proxy(Reflect.get(Response, "redirect"), {
    apply: (target, self, [url, ...rest]) => Reflect.apply(target, self, [resolve(url), ...rest]),
  });
}
