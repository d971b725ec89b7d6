// attack: thenables: Object.prototype.then, so that every object is one
export default {
  async fetch() {
    Object.defineProperty(Object.prototype, "then", {
      configurable: true,
      get() {
        return (resolve) => resolve(this);
      },
    });
    return { status: 200, headers: {}, body: "never" };
  },
};
