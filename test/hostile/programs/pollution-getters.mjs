// attack: tampering: setters and getters on array indices, Array species and iterators
const seen = [];
function tamper() {
  for (let index = 0; index < 64; index++) {
    Object.defineProperty(Array.prototype, index, {
      configurable: true,
      get: () => "hole",
      set(value) {
        seen.push(String(value));
        throw new Error("no index");
      },
    });
  }
  Object.defineProperty(Array, Symbol.species, {
    get: () =>
      function () {
        return new Proxy([], { defineProperty: () => false });
      },
  });
}

export default {
  fetch(request) {
    // Not at the top level, where publishing would notice it.
    tamper();
    const reached = seen.filter((value) => /neighbour-secret|ivm|isolate/.test(value));
    return Response.json({ reached, path: new URL(request.url).pathname });
  },
};
