/**
 * Takes the ways by which a program makes code of text: `eval` and the constructors of functions. They throw the error that V8 throws where code
 * generation is not allowed.
 *
 * Text that becomes code is how data of one request becomes a program for the next. Invariant: after `forbidCodeGeneration` no path leads to the
 * constructors: neither a global nor the `constructor` of any function, nor the prototype of another constructor.
 */

type AnyConstructor = new (...parameters: readonly string[]) => object;

const { defineProperty, getPrototypeOf, setPrototypeOf } = Object;

/** Replaces them on `target` and everywhere else. Returns what puts them back. */
export function forbidCodeGeneration(target: typeof globalThis): () => void {
  const { eval: evaluate, Function: plainFunction } = target;
  const asyncFunction = constructorOf(async () => {});
  const generatorFunction = constructorOf(function* none() {});
  const asyncGeneratorFunction = constructorOf(async function* none() {});
  const forbidden = standIn(plainFunction);
  const restores = [
    replace(target, "Function", { by: forbidden, was: plainFunction }),
    replace(target, "eval", { by: forbiddenEval(), was: evaluate }),
    replace(plainFunction.prototype, "constructor", { by: forbidden, was: plainFunction }),
    ...[asyncFunction, generatorFunction, asyncGeneratorFunction].map((constructor) => {
      const by = standIn(constructor);
      // As the constructors themselves are to each other.
      setPrototypeOf(by, forbidden);
      return replace(constructor.prototype as object, "constructor", { by, was: constructor });
    }),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

function constructorOf(made: object): AnyConstructor {
  return (getPrototypeOf(made) as { readonly constructor: AnyConstructor }).constructor;
}

/** Looks like the constructor and makes nothing; `instanceof` goes by the prototype, which is the constructor's. */
function standIn(constructor: AnyConstructor): AnyConstructor {
  const by = function refuse(): never {
    throw refusal();
  } as unknown as AnyConstructor;
  defineProperty(by, "name", { value: constructor.name, configurable: true });
  defineProperty(by, "length", { value: 1, configurable: true });
  defineProperty(by, "prototype", { value: constructor.prototype, writable: false });
  return by;
}

function forbiddenEval(): (text: unknown) => unknown {
  const refuse = (text: unknown): unknown => {
    // What is no text is handed back, as the standard has it (ECMA-262 §19.2.1).
    if (typeof text !== "string") return text;
    throw refusal();
  };
  defineProperty(refuse, "name", { value: "eval", configurable: true });
  return refuse;
}

function refusal(): EvalError {
  return new EvalError("Code generation from strings disallowed for this context");
}

function replace(
  target: object,
  name: string,
  { by, was }: { readonly by: unknown; readonly was: unknown },
): () => void {
  const attributes = Object.getOwnPropertyDescriptor(target, name) ?? { writable: true, configurable: true };
  defineProperty(target, name, { ...attributes, value: by });
  return () => {
    defineProperty(target, name, { ...attributes, value: was });
  };
}
