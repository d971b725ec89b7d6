/**
 * The elements that are open, and which selectors they match. An element is open from its start tag to the end tag of the same name, as written:
 * nothing is closed because the standard implies it, except SVG and MathML by what cannot be in them.
 *
 * Matching is incremental: each element keeps which steps it completed, so that a descendant is matched without looking further up
 * than its parent.
 */
import type { ElementHandlers, Handler, PlacedStep, RewriteRules } from "./handlers.ts";
import { openElementsMax } from "./limits.ts";
import type { Place } from "./namespaces.ts";
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
  exact: readonly number[];
  /** Steps that it or an element around it completed and that descendants may continue. */
  inherited: readonly number[];
  /** Those of selectors that it or an element around it matches, in the order of on(), then the document's. */
  textHandlers: readonly Handler[];
  commentHandlers: readonly Handler[];
  matched: readonly ElementHandlers[];
  children: number;
  childrenByName: Map<string, number> | null;
  end: ElementEnd | null;
}

/** What is known of an element when its start tag comes. */
interface Arrival {
  readonly name: string;
  attribute(name: string): string | null;
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
  arrive(arrival: Arrival, { namespace, holdsHtml }: Pick<Place, "namespace" | "holdsHtml">): OpenElement {
    const parent = this.current;
    const { name } = arrival;
    parent.children += 1;
    let typeIndex = 0;
    if (this.#rules.countsTypes) {
      const byName = (parent.childrenByName ??= new Map<string, number>());
      typeIndex = (byName.get(name) ?? 0) + 1;
      byName.set(name, typeIndex);
    }
    const element: OpenElement = {
      name,
      namespace,
      holdsHtml,
      exact: none,
      inherited: parent.inherited,
      textHandlers: parent.textHandlers,
      commentHandlers: parent.commentHandlers,
      matched: none,
      children: 0,
      childrenByName: null,
      end: null,
    };
    if (this.#canMatch(parent, name)) this.#match(element, { parent, arrival, typeIndex });
    return element;
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

  /** The quick answer for the many elements that no selector is about. */
  #canMatch(parent: OpenElement, name: string): boolean {
    if (parent.inherited.length > 0 || parent.exact.length > 0) return true;
    const { steps, first } = this.#rules;
    return first.some((index) => {
      const wanted = steps[index]?.step.name;
      return wanted === null || wanted === name;
    });
  }

  #match(
    element: OpenElement,
    {
      parent,
      arrival,
      typeIndex,
    }: { readonly parent: OpenElement; readonly arrival: Arrival; readonly typeIndex: number },
  ): void {
    const { steps, first } = this.#rules;
    const candidate: Candidate = {
      name: element.name,
      attribute: (name) => arrival.attribute(name),
      childIndex: parent.children,
      typeIndex,
    };
    const exact: number[] = [];
    const matched: ElementHandlers[] = [];
    let { inherited } = parent;
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
    if (exact.length === 0) return;
    element.exact = exact;
    element.inherited = inherited;
    if (matched.length === 0) return;
    element.matched = matched.toSorted((a, b) => a.order - b.order);
    element.textHandlers = this.#cumulative(parent, matched, "text");
    element.commentHandlers = this.#cumulative(parent, matched, "comments");
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
