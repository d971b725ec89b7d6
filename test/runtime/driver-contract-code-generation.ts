/** Part of the Driver contract: code is made of text only where the version says so. */
import { expect, it } from "vitest";
import { textOf } from "./driver-fixtures.ts";
import type { RunFunction } from "./driver-run.ts";

/** Every way there is; each gives what `1 + 1` gives, or the name of its error. */
const ways = `{ async fetch() {
  const outcome = async (make) => { try { return String(await make()); } catch (error) { return error.name; } };
  const constructorOf = (made) => Object.getPrototypeOf(made).constructor;
  const AsyncFunction = constructorOf(async () => {});
  const Generator = constructorOf(function* () {});
  const AsyncGenerator = constructorOf(async function* () {});
  const text = "return 1 + 1";
  class Derived extends Function {}
  const results = {
    eval: await outcome(() => eval("1 + 1")),
    "indirect eval": await outcome(() => (0, eval)("1 + 1")),
    Function: await outcome(() => Function(text)()),
    "new Function": await outcome(() => new Function(text)()),
    "constructor of a function": await outcome(() => (() => {}).constructor(text)()),
    "constructor of a class": await outcome(() => Request.constructor(text)()),
    "constructor of a host function": await outcome(() => fetch.constructor(text)()),
    "derived class": await outcome(() => new Derived(text)()),
    "Reflect.construct": await outcome(() => Reflect.construct(Function, [text])()),
    "async function": await outcome(() => AsyncFunction(text)()),
    generator: await outcome(() => Generator(text)().next().value),
    "async generator": await outcome(async () => (await AsyncGenerator(text)().next()).value),
    "constructor behind a constructor": await outcome(() => Object.getPrototypeOf(AsyncFunction)(text)()),
    "behind a bound constructor": await outcome(() => Object.getPrototypeOf(AsyncFunction.bind(null)).constructor(text)()),
  };
  return Response.json(results);
} }`;

async function resultsOf(run: RunFunction, allowEval: boolean): Promise<Record<string, string>> {
  const { outcome } = await run(ways, { allowEval });
  return JSON.parse(await textOf(outcome)) as Record<string, string>;
}

export function codeGeneration(run: RunFunction): void {
  it("no text becomes code", async () => {
    const results = await resultsOf(run, false);
    expect(new Set(Object.values(results))).toEqual(new Set(["EvalError"]));
  });

  it("text becomes code in every way where the version says so", async () => {
    const results = await resultsOf(run, true);
    expect(new Set(Object.values(results))).toEqual(new Set(["2"]));
  });

  it("functions are still functions, and eval hands back what is no text", async () => {
    const { outcome } = await run(`{ fetch() {
      const made = [() => {}, async () => {}, class {}, fetch];
      return Response.json([made.every((each) => each instanceof Function), Function.prototype === Object.getPrototypeOf(() => {}),
        (() => {}).constructor === Function, Function.name, Function.length, eval.name, eval(5), typeof globalThis.__selvageAllowEval]);
    } }`);
    expect(JSON.parse(await textOf(outcome))).toEqual([true, true, true, "Function", 1, "eval", 5, "undefined"]);
  });
}
