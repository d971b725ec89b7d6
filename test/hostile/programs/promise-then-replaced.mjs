// attack: thenables: Promise.prototype.then, catch and Promise.resolve replaced before the first request
const stolen = [];
const { then } = Promise.prototype;
Promise.prototype.then = function (...handlers) {
  stolen.push(handlers.map(String).join());
  return then.call(this, ...handlers.map((handler) => handler && ((value) => handler(value, stolen.push(value)))));
};
Promise.prototype.catch = () => {
  throw new Error("no catch");
};
Promise.resolve = () => ({ then: () => {} });
Object.defineProperty(Promise, Symbol.species, { value: Object });

export default {
  async fetch() {
    await null;
    const reached = stolen.filter((item) => typeof item === "string" && /isolate|ivm|applySync/.test(item));
    return Response.json({ reached });
  },
};
