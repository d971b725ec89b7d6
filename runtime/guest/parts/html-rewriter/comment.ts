/** Comment: also what browsers take for one, such as `<!x>` and `<?php … ?>`. */
import { finishInterface } from "../../web/core/interface.ts";
import { toUsvString } from "../../web/core/webidl.ts";
import { type ContentParameters, Edits, htmlOf, Liveness, requireLive } from "./content.ts";

export class CommentState extends Liveness {
  readonly text: string;
  newText: string | null = null;
  readonly edits: Edits = new Edits();

  constructor(text: string) {
    super();
    this.text = text;
  }
}

export class Comment {
  readonly #state: CommentState;

  constructor(state: CommentState) {
    if (!(state instanceof CommentState)) throw new TypeError("Illegal constructor");
    this.#state = state;
  }

  get text(): string {
    const { newText, text } = this.#live();
    return newText ?? text;
  }
  set text(value: string) {
    const text = toUsvString(value);
    // What would end the comment early (https://html.spec.whatwg.org/#comments).
    if (/^-?>|--!?>|--!$/.test(text)) {
      throw new TypeError("Cannot set the comment's text: it holds what ends a comment");
    }
    this.#live().newText = text;
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

  #live(): CommentState {
    requireLive(this.#state);
    return this.#state;
  }
}

finishInterface(Comment, "Comment", { shown: ["text", "removed"] });
