// attack: publish time: a top level that throws what cannot be printed
throw new Proxy(() => {}, {
  get() {
    throw new Error("not to be read");
  },
  getPrototypeOf() {
    throw new Error("of nobody");
  },
});
export default { fetch: () => new Response("never") };
