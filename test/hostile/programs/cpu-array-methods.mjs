// attack: CPU: single calls of built-in methods over enormous lengths
export default {
  fetch() {
    const long = { length: Number.MAX_SAFE_INTEGER };
    Array.prototype.indexOf.call(long, 1);
    Array.prototype.lastIndexOf.call(new Proxy(long, { has: () => true, get: () => 0 }), 1);
    return new Response(Array.prototype.join.call({ length: 2 ** 40 }, ""));
  },
};
