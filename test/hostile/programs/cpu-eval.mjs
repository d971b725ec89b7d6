// attack: CPU and isolation: code from strings in every spelling
const reached = [];

function attempt(name, make) {
  try {
    if (make() === 42) reached.push(name);
  } catch {
    // Refused, as it should be.
  }
}

export default {
  async fetch() {
    attempt("eval", () => (0, eval)("42"));
    attempt("Function", () => new Function("return 42")());
    attempt("constructor", () => (() => {}).constructor("return 42")());
    attempt("generator", () => function* () {}.constructor("yield 42")().next().value);
    attempt("Reflect.construct", () => Reflect.construct(Function, ["return 42"])());
    attempt("setTimeout", () => setTimeout("globalThis.ran = 42", 0) && undefined);
    const made = await (async () => {
      try {
        return await (async () => {}).constructor("return 42")();
      } catch {
        return null;
      }
    })();
    if (made === 42) reached.push("async");
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (globalThis.ran === 42) reached.push("timer");
    return Response.json({ reached });
  },
};
