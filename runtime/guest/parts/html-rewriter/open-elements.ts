/**
 * The elements that are open, and which selectors they match. An element is open from its start tag to the end tag of the same name, as written:
 * nothing is closed because the standard implies it, except SVG and MathML by what cannot be in them.
 *
 * Matching is incremental: each element keeps which steps it completed, so that a descendant is matched without looking further up
 * than its parent.
 */
import type { ElementHandlers, Handler, PlacedStep, RewriteRules } from "./handlers.ts";
import { openElementsMax } from "./limits.ts";
import type { Namespace, Place } from "./namespaces.ts";
import { matchesStep, type Candidate } from "./selector.ts";
import type { EndTagHandler } from "./end-tag.ts";

/** What is left to do at an element's end. */
export interface ElementEnd {
  readonly appended: string;
  readonly after: string;
  readonly newName: string | null;
  readonly isTagRemoved: boolean;
  readonly isContentRemoved: boolean;
  readonly handlers: readonly EndTagHandler[];
}

export interface OpenElement extends Place {
  /** Steps it completed. */
  readonly exact: readonly number[];
  /** Steps that it or an element around it completed and that descendants may continue. */
  readonly inherited: readonly number[];
  /** Those of selectors that it or an element around it matches, in the order of on(), then the document's. */
  readonly textHandlers: readonly Handler[];
  readonly commentHandlers: readonly Handler[];
  readonly matched: readonly ElementHandlers[];
  children: number;
  childrenByName: Map<string, number> | null;
  end: ElementEnd | null;
}

export interface Arrival {
  readonly name: string;
  readonly namespace: Namespace;
  readonly holdsHtml: boolean;
  readonly attribute: (name: string) => string | null;
}

export class OpenElements {
  readonly #rules: RewriteRules;
  readonly #root: OpenElement;
  readonly #stack: OpenElement[] = [];
  /** Name → how many are open: an end tag that ends nothing costs no search. */
  readonly #counts = new Map<string, number>();

  constructor(rules: RewriteRules) {
    this.#rules = rules;
    this.#root = {
      name: "",
      namespace: "html",
      holdsHtml: false,
      exact: [],
      inherited: [],
      textHandlers: rules.document.text,
      commentHandlers: rules.document.comments,
      matched: [],
      children: 0,
      childrenByName: null,
      end: null,
    };
  }

  /** The innermost open element, or the document. */
  get current(): OpenElement {
    return this.#stack.at(-1) ?? this.#root;
  }

  /** The innermost open element, or null. */
  get top(): OpenElement | null {
    return this.#stack.at(-1) ?? null;
  }

  /** The element that begins inside the current one; it is open only after `push`. */
  arrive(arrival: Arrival): OpenElement {
    const parent = this.current;
    parent.children += 1;
    const byName = (parent.childrenByName ??= new Map<string, number>());
    const typeIndex = (byName.get(arrival.name) ?? 0) + 1;
    byName.set(arrival.name, typeIndex);
    const { name, namespace, holdsHtml, attribute } = arrival;
    const found = this.#match(parent, { name, attribute, childIndex: parent.children, typeIndex });
    const { matched } = found;
    return {
      name,
      namespace,
      holdsHtml,
      ...found,
      textHandlers: this.#cumulative(parent, matched, "text"),
      commentHandlers: this.#cumulative(parent, matched, "comments"),
      children: 0,
      childrenByName: null,
      end: null,
    };
  }

  /** @throws RangeError when too many are open. */
  push(element: OpenElement): void {
    if (this.#stack.length >= openElementsMax) {
      throw new RangeError(`Cannot transform HTML: more than ${String(openElementsMax)} elements are open at once`);
    }
    this.#stack.push(element);
    this.#counts.set(element.name, (this.#counts.get(element.name) ?? 0) + 1);
  }

  pop(): OpenElement | undefined {
    const element = this.#stack.pop();
    if (element !== undefined) this.#counts.set(element.name, (this.#counts.get(element.name) ?? 1) - 1);
    return element;
  }

  has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  #match(parent: OpenElement, candidate: Candidate): Pick<OpenElement, "exact" | "inherited" | "matched"> {
    const { steps, first } = this.#rules;
    const exact: number[] = [];
    const matched: ElementHandlers[] = [];
    let inherited = parent.inherited;
    const visit = (index: number): void => {
      const placed = steps[index] as PlacedStep;
      if (!matchesStep(placed.step, candidate) || exact.includes(index)) return;
      exact.push(index);
      if (placed.handlers !== null && !matched.includes(placed.handlers)) matched.push(placed.handlers);
      if (placed.next === -1 || steps[placed.next]?.step.combinator !== "descendant") return;
      if (!inherited.includes(index)) inherited = [...inherited, index];
    };
    for (const index of first) visit(index);
    for (const index of parent.inherited) visit(steps[index]?.next as number);
    for (const index of parent.exact) {
      const next = steps[index]?.next ?? -1;
      if (next !== -1 && steps[next]?.step.combinator === "child") visit(next);
    }
    if (matched.length > 1) matched.sort((a, b) => a.order - b.order);
    return { exact: exact.length === 0 ? none : exact, inherited, matched: matched.length === 0 ? none : matched };
  }

  #cumulative(parent: OpenElement, matched: readonly ElementHandlers[], kind: "text" | "comments"): readonly Handler[] {
    const list = kind === "text" ? parent.textHandlers : parent.commentHandlers;
    if (matched.every((handlers) => handlers[kind] === null || list.includes(handlers[kind]))) return list;
    const wanted = new Set([...list, ...matched.flatMap((handlers) => handlers[kind] ?? [])]);
    const { document } = this.#rules;
    return [...this.#inOrder(kind), ...document[kind]].filter((handler) => wanted.has(handler));
  }

  #orders: Partial<Record<"text" | "comments", readonly Handler[]>> = {};

  #inOrder(kind: "text" | "comments"): readonly Handler[] {
    const all = this.#rules.steps.flatMap(({ handlers }) => (handlers?.[kind] ? [handlers[kind]] : []));
    return (this.#orders[kind] ??= [...new Set(all)]);
  }
}

const none: readonly never[] = [];
