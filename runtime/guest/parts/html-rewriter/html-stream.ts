/**
 * Rewrites one document: takes its bytes chunk by chunk, calls the handlers in the document's order, each awaited before anything after
 * it is looked at, and gives back the bytes that are to be sent. What no handler changed is passed on byte for byte.
 *
 * Output is collected as ranges of the input and inserted text, and copied once for each chunk: nobody outside holds a view of what is still read.
 */
import { concatBytes } from "../../web/encoding/buffer-source.ts";
import { encodeUtf8 } from "../../web/encoding/utf8.ts";
import { isObject } from "../../web/core/webidl.ts";
import { Comment, CommentState } from "./comment.ts";
import type { Edits, Liveness } from "./content.ts";
import { Doctype, DoctypeState, DocumentEnd, DocumentEndState } from "./document-tokens.ts";
import { Element, ElementState } from "./element.ts";
import { EndTag, EndTagState } from "./end-tag.ts";
import type { ElementHandlers, Handler, RewriteRules } from "./handlers.ts";
import { Names, textOf } from "./names.ts";
import { encodingHoldsHtml, endTagBreaksOut, namespaceIn, type Namespace, voidElements } from "./namespaces.ts";
import { OpenElements, type OpenElement } from "./open-elements.ts";
import { StartTag } from "./start-tag.ts";
import { Text, TextState } from "./text-chunk.ts";
import { type TextMode, Tokenizer, type TokenKind } from "./tokenizer.ts";

/** Elements whose content is no markup. With scripting, as browsers have it, noscript is one of them. */
const textModes: ReadonlyMap<string, TextMode> = new Map<string, TextMode>([
  ["title", "rcdata"],
  ["textarea", "rcdata"],
  ["script", "script"],
  ["plaintext", "plaintext"],
  ...["style", "xmp", "iframe", "noembed", "noframes", "noscript"].map((name) => [name, "rawtext"] as const),
]);

type Work = Promise<void> | undefined;

export class HtmlStream {
  readonly #rules: RewriteRules;
  readonly #tokenizer = new Tokenizer();
  readonly #names = new Names();
  readonly #open: OpenElements;
  #output: Uint8Array[] = [];
  /** Input before this position was passed on or dropped. */
  #settled = 0;
  /** Open elements whose content is dropped. */
  #dropping = 0;
  /** Handlers of the text node that was not ended yet. */
  #textHandlers: readonly Handler[] | null = null;

  constructor(rules: RewriteRules) {
    this.#rules = rules;
    this.#open = new OpenElements(rules);
  }

  /** The bytes that became certain. Rejects with what a handler throws. One call at a time. */
  async write(chunk: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    this.#tokenizer.push(chunk);
    this.#settled = this.#tokenizer.end;
    await this.#drain();
    return this.#take();
  }

  /** The rest. */
  async end(): Promise<Uint8Array<ArrayBuffer>> {
    this.#tokenizer.finish();
    await this.#drain();
    if (this.#textHandlers !== null) await this.#endTextNode(this.#tokenizer.end);
    this.#passUntil(this.#tokenizer.end);
    while (this.#open.top !== null) this.#closeUnended(this.#tokenizer.end);
    const state = new DocumentEndState();
    await this.#call(this.#rules.document.end, { state, face: () => new DocumentEnd(state) });
    this.#insert(state.appended);
    return this.#take();
  }

  async #drain(): Promise<void> {
    for (let kind = this.#tokenizer.next(); kind !== null; kind = this.#tokenizer.next()) {
      if (this.#textHandlers !== null && kind !== "text") await this.#endTextNode(this.#tokenizer.start);
      const work = this.#token(kind);
      if (work !== undefined) await work;
    }
    this.#passUntil(this.#tokenizer.end);
  }

  #token(kind: TokenKind): Work {
    switch (kind) {
      case "text":
        return this.#open.current.textHandlers.length === 0 ? undefined : this.#text();
      case "startTag":
        return this.#startTag();
      case "endTag":
        return this.#endTag();
      case "comment":
        return this.#open.current.commentHandlers.length === 0 ? undefined : this.#comment();
      case "doctype":
        return this.#rules.document.doctype.length === 0 ? undefined : this.#doctype();
      case "skipped":
        return undefined;
    }
  }

  #startTag(): Work {
    const { bytes, start, end, tag: scanner } = this.#tokenizer;
    const tag = new StartTag({ bytes, start, scanner, names: this.#names });
    const { name } = tag;
    let namespace: Namespace | null;
    while ((namespace = namespaceIn(this.#open.top, name, tag)) === null) this.#closeUnended(start);
    const holdsHtml = namespace === "math" && name === "annotation-xml" && encodingHoldsHtml(tag.attribute("encoding"));
    const canHold = namespace === "html" ? !voidElements.has(name) : !tag.isSelfClosing;
    const element = this.#open.arrive(tag, { namespace, holdsHtml });
    if (canHold) {
      this.#open.push(element);
      const mode = namespace === "html" ? textModes.get(name) : undefined;
      if (mode !== undefined) this.#tokenizer.enterText(mode, name);
    }
    this.#tokenizer.isCdataAllowed = this.#open.current.namespace !== "html";
    if (element.matched.length === 0) return undefined;
    const handlers = element.matched.flatMap((matched: ElementHandlers) => matched.element ?? []);
    if (handlers.length === 0) return undefined;
    const state = new ElementState(tag, { namespace, canHold, isRemoved: this.#dropping > 0 });
    return this.#element(state, { element, handlers, start, end });
  }

  async #element(
    state: ElementState,
    at: {
      readonly element: OpenElement;
      readonly handlers: readonly Handler[];
      readonly start: number;
      readonly end: number;
    },
  ): Promise<void> {
    await this.#call(at.handlers, { state, face: () => new Element(state) });
    const { edits, tag } = state;
    this.#passUntil(at.start);
    this.#insert(edits.before);
    if (state.isTagRemoved) this.#dropUntil(at.end);
    else if (tag.isChanged) {
      this.#dropUntil(at.end);
      this.#emit(tag.serialize());
    } else this.#passUntil(at.end);
    this.#insert(edits.replacement);
    this.#insert(state.prepended);
    if (!state.canHold) {
      this.#insert(edits.after);
      return;
    }
    if (state.isContentRemoved) this.#dropping += 1;
    at.element.end = {
      appended: state.appended,
      after: edits.after,
      newName: tag.newName,
      isTagRemoved: state.isTagRemoved,
      isContentRemoved: state.isContentRemoved,
      handlers: state.endTagHandlers,
    };
  }

  #endTag(): Work {
    const { bytes, start, end, tag } = this.#tokenizer;
    const name = this.#names.at(bytes, start + tag.nameStart, start + tag.nameEnd);
    while (this.#open.top !== null && endTagBreaksOut(this.#open.top, name)) this.#closeUnended(start);
    if (!this.#open.has(name)) return this.#afterPop();
    while (this.#open.current.name !== name) this.#closeUnended(start);
    const ended = this.#open.pop()?.end;
    this.#afterPop();
    if (ended === null || ended === undefined) return undefined;
    this.#passUntil(start);
    if (ended.isContentRemoved) this.#dropping -= 1;
    const state = new EndTagState(name);
    state.newName = ended.newName;
    state.edits.before = ended.appended;
    state.edits.after = ended.after;
    state.edits.isRemoved = ended.isTagRemoved;
    if (ended.handlers.length === 0) return this.#finishEndTag(state, end);
    const handlers = ended.handlers.map(
      (handler): Handler =>
        (token) =>
          Reflect.apply(handler, undefined, [token]),
    );
    return this.#call(handlers, { state, face: () => new EndTag(state) }).then(() => this.#finishEndTag(state, end));
  }

  #finishEndTag({ edits, newName }: EndTagState, end: number): undefined {
    this.#insert(edits.before);
    if (edits.isRemoved) this.#dropUntil(end);
    else if (newName !== null) {
      this.#dropUntil(end);
      this.#insert(`</${newName}>`);
    } else this.#passUntil(end);
    this.#insert(edits.after);
  }

  /** The current element ends at `at` without an end tag of its own. */
  #closeUnended(at: number): void {
    const ended = this.#open.pop()?.end;
    this.#afterPop();
    if (ended === null || ended === undefined) return;
    this.#passUntil(at);
    if (ended.isContentRemoved) this.#dropping -= 1;
    this.#insert(ended.appended);
    this.#insert(ended.after);
  }

  #afterPop(): undefined {
    this.#tokenizer.isCdataAllowed = this.#open.current.namespace !== "html";
  }

  async #text(): Promise<void> {
    const { bytes, start, end } = this.#tokenizer;
    const handlers = this.#open.current.textHandlers;
    this.#textHandlers = handlers;
    const state = new TextState(textOf(bytes.subarray(start, end)), { isLast: false });
    state.edits.isRemoved = this.#dropping > 0;
    await this.#call(handlers, { state, face: () => new Text(state) });
    this.#apply(state.edits, start, end);
  }

  async #endTextNode(at: number): Promise<void> {
    const handlers = this.#textHandlers ?? [];
    this.#textHandlers = null;
    const state = new TextState("", { isLast: true });
    state.edits.isRemoved = this.#dropping > 0;
    await this.#call(handlers, { state, face: () => new Text(state) });
    this.#apply(state.edits, at, at);
  }

  async #comment(): Promise<void> {
    const { bytes, start, end, commentStart, commentEnd } = this.#tokenizer;
    const state = new CommentState(textOf(bytes.subarray(start + commentStart, start + commentEnd)));
    state.edits.isRemoved = this.#dropping > 0;
    await this.#call(this.#open.current.commentHandlers, { state, face: () => new Comment(state) });
    if (state.newText !== null && !state.edits.isRemoved) state.edits.replace(`<!--${state.newText}-->`);
    this.#apply(state.edits, start, end);
  }

  async #doctype(): Promise<void> {
    const { bytes, start, end } = this.#tokenizer;
    const state = new DoctypeState(textOf(bytes.subarray(start, end)));
    await this.#call(this.#rules.document.doctype, { state, face: () => new Doctype(state) });
  }

  async #call(
    handlers: readonly Handler[],
    { state, face }: { readonly state: Liveness; readonly face: () => object },
  ): Promise<void> {
    if (handlers.length === 0) return;
    const token = face();
    try {
      for (const handler of handlers) {
        const result = handler(token);
        if (isObject(result)) await (result as PromiseLike<unknown>);
      }
    } finally {
      state.isLive = false;
    }
  }

  #apply(edits: Edits, start: number, end: number): void {
    this.#passUntil(start);
    this.#insert(edits.before);
    if (edits.isRemoved) {
      this.#dropUntil(end);
      this.#insert(edits.replacement);
    } else this.#passUntil(end);
    this.#insert(edits.after);
  }

  #passUntil(at: number): void {
    if (at > this.#settled) this.#emit(this.#tokenizer.bytes.subarray(this.#settled, at));
    this.#settled = Math.max(at, this.#settled);
  }

  #dropUntil(at: number): void {
    this.#settled = at;
  }

  #insert(html: string): void {
    if (html !== "") this.#emit(encodeUtf8(html));
  }

  #emit(bytes: Uint8Array): void {
    if (this.#dropping === 0) this.#output.push(bytes);
  }

  #take(): Uint8Array<ArrayBuffer> {
    const output = concatBytes(this.#output);
    this.#output = [];
    return output;
  }
}
