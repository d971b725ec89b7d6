/**
 * Compiles a CSS selector into steps that are matched while elements open: each step is one compound selector and how it hangs on the
 * one before. Only what can be decided at a start tag is allowed, everything else is refused when the handler is added.
 */
import {
  AttributeAction,
  parse,
  SelectorType,
  type AttributeSelector,
  type PseudoSelector,
  type Selector,
} from "css-what";
import { selectorCharsMax } from "./limits.ts";

/** What is asked of an element. Names are in lower case. */
export interface Candidate {
  readonly name: string;
  /** The value as it stands in the source, or null. */
  attribute(name: string): string | null;
  /** Its place among its parent's elements, from 1. */
  readonly childIndex: number;
  /** Its place among its parent's elements of this name, from 1; 0 when no selector asks. */
  readonly typeIndex: number;
}

export type Test = (candidate: Candidate) => boolean;

export interface Step {
  /** The name an element must have, or null for any. */
  readonly name: string | null;
  readonly tests: readonly Test[];
  /** Whether a test asks for the `typeIndex`. */
  readonly countsTypes: boolean;
  /** How the element relates to that of the step before; the first step of a selector has none. */
  readonly combinator: "none" | "child" | "descendant";
}

/** One list of steps for each selector between commas. @throws TypeError when the selector is none, or one that is not supported. */
export function compileSelector(selector: string): Step[][] {
  if (selector.length > selectorCharsMax) {
    throw new TypeError(
      `Cannot use the selector: ${String(selector.length)} characters, allowed ${String(selectorCharsMax)}`,
    );
  }
  let list: Selector[][];
  try {
    list = parse(selector);
  } catch (error) {
    throw refusal(selector, error instanceof Error ? error.message : "it cannot be parsed");
  }
  if (list.length === 0) throw refusal(selector, "it is empty");
  return list.map((tokens) => compileComplex(selector, tokens));
}

function compileComplex(selector: string, tokens: readonly Selector[]): Step[] {
  const steps: Step[] = [];
  let compound: Selector[] = [];
  let combinator: Step["combinator"] = "none";
  for (const token of tokens) {
    if (token.type === SelectorType.Child || token.type === SelectorType.Descendant) {
      steps.push(compileCompound(selector, compound, combinator));
      compound = [];
      combinator = token.type === SelectorType.Child ? "child" : "descendant";
    } else compound.push(token);
  }
  steps.push(compileCompound(selector, compound, combinator));
  return steps;
}

function compileCompound(selector: string, tokens: readonly Selector[], combinator: Step["combinator"]): Step {
  if (tokens.length === 0) throw refusal(selector, "a combinator has nothing beside it");
  let name: string | null = null;
  const tests: Test[] = [];
  for (const [index, token] of tokens.entries()) {
    switch (token.type) {
      case SelectorType.Tag:
        if (index > 0 || !/^[a-zA-Z\u0080-\uffff_-]/.test(token.name)) throw refusal(selector, "it cannot be parsed");
        if (token.namespace !== null) throw refusal(selector, "namespaces are not supported");
        name = token.name.toLowerCase();
        break;
      case SelectorType.Universal:
        if (index > 0) throw refusal(selector, "it cannot be parsed");
        if (token.namespace !== null) throw refusal(selector, "namespaces are not supported");
        break;
      case SelectorType.Attribute:
        tests.push(attributeTest(selector, token));
        break;
      case SelectorType.Pseudo:
        tests.push(pseudoTest(selector, token));
        break;
      case SelectorType.PseudoElement:
        throw refusal(selector, `::${token.name} is not supported`);
      default:
        throw refusal(selector, `the combinator "${token.type}" is not supported`);
    }
  }
  return { name, tests, combinator, countsTypes: tokens.some(asksForType) };
}

function asksForType(token: Selector): boolean {
  if (token.type !== SelectorType.Pseudo) return false;
  if (Array.isArray(token.data)) return token.data.some((list) => list.some(asksForType));
  return token.name.endsWith("-of-type");
}

function attributeTest(selector: string, token: AttributeSelector): Test {
  if (token.namespace !== null) throw refusal(selector, "namespaces are not supported");
  const name = token.name.toLowerCase();
  const ignoresCase = token.ignoreCase === true;
  const wanted = ignoresCase ? lower(token.value) : token.value;
  const matches = valueTest(selector, token.action, wanted);
  return (candidate) => {
    const value = candidate.attribute(name);
    return value !== null && matches(ignoresCase ? lower(value) : value);
  };
}

function valueTest(selector: string, action: AttributeAction, wanted: string): (value: string) => boolean {
  switch (action) {
    case AttributeAction.Exists:
      return () => true;
    case AttributeAction.Equals:
      return (value) => value === wanted;
    case AttributeAction.Start:
      return (value) => wanted !== "" && value.startsWith(wanted);
    case AttributeAction.End:
      return (value) => wanted !== "" && value.endsWith(wanted);
    case AttributeAction.Any:
      return (value) => wanted !== "" && value.includes(wanted);
    case AttributeAction.Hyphen:
      return (value) => value === wanted || value.startsWith(`${wanted}-`);
    case AttributeAction.Element:
      if (wanted === "" || /[\t\n\f\r ]/.test(wanted)) return () => false;
      return (value) => value === wanted || (value.includes(wanted) && value.split(/[\t\n\f\r ]+/).includes(wanted));
    case AttributeAction.Not:
      throw refusal(selector, "the operator != is not supported");
  }
}

function pseudoTest(selector: string, { name, data }: PseudoSelector): Test {
  const position = typeof data === "string" ? data : null;
  switch (name) {
    case "first-child":
      if (data === null) return ({ childIndex }) => childIndex === 1;
      break;
    case "first-of-type":
      if (data === null) return ({ typeIndex }) => typeIndex === 1;
      break;
    case "nth-child": {
      const isAt = position === null ? null : positionTest(position);
      if (isAt !== null) return ({ childIndex }) => isAt(childIndex);
      break;
    }
    case "nth-of-type": {
      const isAt = position === null ? null : positionTest(position);
      if (isAt !== null) return ({ typeIndex }) => isAt(typeIndex);
      break;
    }
    case "not":
      if (Array.isArray(data) && data.length > 0) return notTest(selector, data);
      break;
    default:
  }
  throw refusal(selector, `:${name}${position === null ? "" : `(${position})`} is not supported`);
}

function notTest(selector: string, list: readonly (readonly Selector[])[]): Test {
  const steps = list.map((tokens) => {
    if (tokens.some(({ type }) => type === SelectorType.Child || type === SelectorType.Descendant)) {
      throw refusal(selector, "combinators in :not() are not supported");
    }
    return compileCompound(selector, tokens, "none");
  });
  return (candidate) => !steps.some((step) => matchesStep(step, candidate));
}

/** Whether the compound selector of `step` matches, whatever it hangs on. */
export function matchesStep({ name, tests }: Pick<Step, "name" | "tests">, candidate: Candidate): boolean {
  if (name !== null && name !== candidate.name) return false;
  for (const test of tests) if (!test(candidate)) return false;
  return true;
}

/** An+B (https://drafts.csswg.org/css-syntax/#anb-microsyntax), or null when `text` is something else. */
function positionTest(text: string): ((index: number) => boolean) | null {
  const formula = text.trim().toLowerCase();
  if (formula === "even") return (index) => index % 2 === 0;
  if (formula === "odd") return (index) => index % 2 === 1;
  const parts = /^(?:([+-]?\d*)n(?:\s*([+-])\s*(\d+))?|([+-]?\d+))$/.exec(formula);
  if (parts === null) return null;
  const [, step, sign, offset, only] = parts;
  if (only !== undefined) {
    const wanted = Number(only);
    return (index) => index === wanted;
  }
  const a = step === "" || step === "+" ? 1 : step === "-" ? -1 : Number(step);
  const b = offset === undefined ? 0 : sign === "-" ? -Number(offset) : Number(offset);
  return (index) => (a === 0 ? index === b : (index - b) % a === 0 && (index - b) / a >= 0);
}

/** ASCII letters in lower case. */
function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function refusal(selector: string, reason: string): TypeError {
  return new TypeError(`Cannot use the selector ${JSON.stringify(selector)}: ${reason}`);
}
