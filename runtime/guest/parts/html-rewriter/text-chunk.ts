/** Text: a piece of a text node as it came, and an empty last one. Character references are not decoded. */
import { finishInterface } from "../../web/core/interface.ts";
import { type ContentParameters, Edits, htmlOf, Liveness, requireLive } from "./content.ts";

export class TextState extends Liveness {
  readonly text: string;
  readonly isLast: boolean;
  readonly edits: Edits = new Edits();

  constructor(text: string, { isLast }: { readonly isLast: boolean }) {
    super();
    this.text = text;
    this.isLast = isLast;
  }
}

export class Text {
  readonly #state: TextState;

  constructor(state: TextState) {
    if (!(state instanceof TextState)) throw new TypeError("Illegal constructor");
    this.#state = state;
  }

  get text(): string {
    return this.#live().text;
  }
  get lastInTextNode(): boolean {
    return this.#live().isLast;
  }
  get removed(): boolean {
    return this.#live().edits.isRemoved;
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

  replace(...parameters: ContentParameters): this {
    const html = htmlOf(parameters, "replace");
    this.#live().edits.replace(html);
    return this;
  }

  remove(): this {
    this.#live().edits.isRemoved = true;
    return this;
  }

  #live(): TextState {
    requireLive(this.#state);
    return this.#state;
  }
}

finishInterface(Text, "Text", { shown: ["text", "lastInTextNode", "removed"] });
