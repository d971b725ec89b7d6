/** EndTag: what a handler given to `Element.onEndTag` gets. */
import { finishInterface } from "../../web/core/interface.ts";
import { type ContentParameters, Edits, htmlOf, Liveness, requireLive } from "./content.ts";
import { toTagName } from "./tag-name.ts";

export type EndTagHandler = (this: undefined, endTag: EndTag) => unknown;

export class EndTagState extends Liveness {
  readonly name: string;
  newName: string | null = null;
  readonly edits: Edits = new Edits();

  constructor(name: string) {
    super();
    this.name = name;
  }
}

export class EndTag {
  readonly #state: EndTagState;

  constructor(state: EndTagState) {
    if (!(state instanceof EndTagState)) throw new TypeError("Illegal constructor");
    this.#state = state;
  }

  get name(): string {
    const { newName, name } = this.#live();
    return newName ?? name;
  }
  set name(value: string) {
    this.#live().newName = toTagName(value, "name");
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

  remove(): this {
    this.#live().edits.isRemoved = true;
    return this;
  }

  #live(): EndTagState {
    requireLive(this.#state);
    return this.#state;
  }
}

finishInterface(EndTag, "EndTag", { shown: ["name"] });
