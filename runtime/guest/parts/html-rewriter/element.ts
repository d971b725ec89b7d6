/** Element: what an element handler gets, alive until the handler's promise settles. */
import { finishInterface } from "../../web/core/interface.ts";
import { requireArguments, toUsvString } from "../../web/core/webidl.ts";
import { type ContentParameters, Edits, htmlOf, Liveness, requireLive } from "./content.ts";
import type { EndTagHandler } from "./end-tag.ts";
import { namespaceUris, type Namespace } from "./namespaces.ts";
import type { StartTag } from "./start-tag.ts";
import { toTagName } from "./tag-name.ts";

interface ElementFacts {
  readonly namespace: Namespace;
  readonly canHold: boolean;
  /** It is inside an element that was removed. */
  readonly isRemoved: boolean;
}

/** An element as the engine sees it: its start tag, and what is to stand where. */
export class ElementState extends Liveness {
  readonly tag: StartTag;
  readonly namespace: Namespace;
  /** Whether content and an end tag can follow. */
  readonly canHold: boolean;
  /** Around the element; `replacement` is for all of it. */
  readonly edits: Edits = new Edits();
  prepended: string = "";
  appended: string = "";
  isTagRemoved: boolean;
  isContentRemoved: boolean = false;
  readonly endTagHandlers: EndTagHandler[] = [];

  constructor(tag: StartTag, { namespace, canHold, isRemoved }: ElementFacts) {
    super();
    this.tag = tag;
    this.namespace = namespace;
    this.canHold = canHold;
    this.isTagRemoved = isRemoved;
  }

  remove(): void {
    this.edits.isRemoved = true;
    this.isTagRemoved = true;
    this.#removeContent();
  }

  replace(html: string): void {
    this.remove();
    this.edits.replacement = html;
  }

  setInner(html: string): void {
    if (!this.canHold) return;
    this.#removeContent();
    this.prepended = html;
  }

  #removeContent(): void {
    if (!this.canHold) return;
    this.isContentRemoved = true;
    this.prepended = "";
    this.appended = "";
  }
}

export class Element {
  readonly #state: ElementState;

  constructor(state: ElementState) {
    if (!(state instanceof ElementState)) throw new TypeError("Illegal constructor");
    this.#state = state;
  }

  get tagName(): string {
    const { tag } = this.#live();
    return tag.newName ?? tag.name;
  }
  set tagName(value: string) {
    this.#live().tag.newName = toTagName(value, "tagName");
  }
  get attributes(): IterableIterator<[name: string, value: string]> {
    return this.#live().tag.attributes();
  }
  get namespaceURI(): string {
    return namespaceUris[this.#live().namespace];
  }
  get removed(): boolean {
    return this.#live().isTagRemoved;
  }

  getAttribute(...parameters: [name: string]): string | null {
    requireArguments(parameters.length, 1, "getAttribute");
    return this.#live().tag.attribute(toUsvString(parameters[0]).toLowerCase());
  }

  hasAttribute(...parameters: [name: string]): boolean {
    requireArguments(parameters.length, 1, "hasAttribute");
    return this.#live().tag.attribute(toUsvString(parameters[0]).toLowerCase()) !== null;
  }

  setAttribute(...parameters: [name: string, value: string]): this {
    requireArguments(parameters.length, 2, "setAttribute");
    const name = toUsvString(parameters[0]).toLowerCase();
    const value = toUsvString(parameters[1]);
    if (name === "" || /[\t\n\f\r />="'<]/.test(name)) {
      throw new TypeError(`Cannot set the attribute ${JSON.stringify(name)}: no attribute can have that name`);
    }
    this.#live().tag.setAttribute(name, value);
    return this;
  }

  removeAttribute(...parameters: [name: string]): this {
    requireArguments(parameters.length, 1, "removeAttribute");
    this.#live().tag.removeAttribute(toUsvString(parameters[0]).toLowerCase());
    return this;
  }

  before(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "before");
    this.#live().edits.before += html;
    return this;
  }

  after(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "after");
    const { edits } = this.#live();
    edits.after = html + edits.after;
    return this;
  }

  prepend(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "prepend");
    const state = this.#live();
    if (state.canHold && !state.edits.isRemoved) state.prepended = html + state.prepended;
    return this;
  }

  append(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "append");
    const state = this.#live();
    if (state.canHold && !state.edits.isRemoved) state.appended += html;
    return this;
  }

  setInnerContent(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "setInnerContent");
    const state = this.#live();
    if (!state.edits.isRemoved) state.setInner(html);
    return this;
  }

  replace(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "replace");
    this.#live().replace(html);
    return this;
  }

  remove(): this {
    this.#live().remove();
    return this;
  }

  removeAndKeepContent(): this {
    this.#live().isTagRemoved = true;
    return this;
  }

  onEndTag(...parameters: [handler: EndTagHandler]): this {
    requireArguments(parameters.length, 1, "onEndTag");
    const [handler] = parameters;
    if (typeof handler !== "function") throw new TypeError("Cannot call onEndTag: the handler is not a function");
    const { canHold, endTagHandlers, tag } = this.#live();
    if (!canHold) throw new TypeError(`Cannot call onEndTag: <${tag.name}> has no end tag`);
    endTagHandlers.push(handler);
    return this;
  }

  #live(): ElementState {
    requireLive(this.#state);
    return this.#state;
  }
}

finishInterface(Element, "Element", { shown: ["tagName", "namespaceURI", "removed"] });
