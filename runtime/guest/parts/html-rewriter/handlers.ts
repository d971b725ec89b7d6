/** What authors give to on() and onDocument(), taken apart once, and the selectors of all of them as one list of steps. */
import { isObject } from "../../web/core/webidl.ts";
import { compoundsMax, handlersMax } from "./limits.ts";
import { compileSelector, type Step } from "./selector.ts";

/** A handler bound to the object it was a member of. */
export type Handler = (token: object) => unknown;

export interface ElementHandlers {
  /** Counts up in the order of on(). */
  readonly order: number;
  readonly element: Handler | null;
  readonly comments: Handler | null;
  readonly text: Handler | null;
}

export interface DocumentHandlers {
  readonly doctype: readonly Handler[];
  readonly comments: readonly Handler[];
  readonly text: readonly Handler[];
  readonly end: readonly Handler[];
}

/** A step and what follows from it. */
export interface PlacedStep {
  readonly step: Step;
  /** Index of the step that continues it, or -1. */
  readonly next: number;
  /** Whose selector it completes. */
  readonly handlers: ElementHandlers | null;
}

/** All that a transformation needs; changes of the rewriter make another. */
export interface RewriteRules {
  readonly steps: readonly PlacedStep[];
  /** Whether a selector asks for an element's place among those of its name. */
  readonly countsTypes: boolean;
  /** Indexes of steps that begin a selector. */
  readonly first: readonly number[];
  readonly document: DocumentHandlers;
}

export const noRules: RewriteRules = {
  steps: [],
  countsTypes: false,
  first: [],
  document: { doctype: [], comments: [], text: [], end: [] },
};

/** @throws TypeError for a selector or handlers that cannot be used, RangeError when there are too many. */
export function addElementHandlers(rules: RewriteRules, selector: string, object: unknown): RewriteRules {
  const order = countHandlers(rules);
  const members = membersOf(object, "on");
  const handlers: ElementHandlers = {
    order,
    element: members("element"),
    comments: members("comments"),
    text: members("text"),
  };
  const steps = [...rules.steps];
  const first = [...rules.first];
  for (const complex of compileSelector(selector)) {
    first.push(steps.length);
    for (const [index, step] of complex.entries()) {
      const isLast = index === complex.length - 1;
      steps.push({ step, next: isLast ? -1 : steps.length + 1, handlers: isLast ? handlers : null });
    }
  }
  if (steps.length > compoundsMax) {
    throw new RangeError(`Cannot add a handler: more than ${String(compoundsMax)} compound selectors`);
  }
  return { ...rules, steps, first, countsTypes: steps.some(({ step }) => step.countsTypes) };
}

/** @throws as `addElementHandlers`. */
export function addDocumentHandlers(rules: RewriteRules, object: unknown): RewriteRules {
  countHandlers(rules);
  const members = membersOf(object, "onDocument");
  const { document } = rules;
  return {
    ...rules,
    document: {
      doctype: withOne(document.doctype, members("doctype")),
      comments: withOne(document.comments, members("comments")),
      text: withOne(document.text, members("text")),
      end: withOne(document.end, members("end")),
    },
  };
}

function countHandlers({ first, document }: RewriteRules): number {
  const { doctype, comments, text, end } = document;
  const count = Math.max(doctype.length, comments.length, text.length, end.length) + first.length;
  if (count >= handlersMax) throw new RangeError(`Cannot add a handler: allowed ${String(handlersMax)}`);
  return count;
}

function withOne(list: readonly Handler[], handler: Handler | null): readonly Handler[] {
  return handler === null ? list : [...list, handler];
}

function membersOf(object: unknown, where: string): (name: string) => Handler | null {
  if (!isObject(object)) throw new TypeError(`Cannot call ${where}: the handlers are not an object`);
  const members = object as Readonly<Record<string, unknown>>;
  return (name) => {
    const member = members[name];
    if (member === undefined) return null;
    if (typeof member !== "function") throw new TypeError(`Cannot call ${where}: ${name} is not a function`);
    return (token) => Reflect.apply(member, object, [token]) as unknown;
  };
}
