/** A pattern string as a list of parts (https://urlpattern.spec.whatwg.org/#parts-and-part-lists). Pure but for the encoder it is given. */
import { tokenize, type Token, type TokenType } from "./tokens.ts";

export type Modifier = "" | "?" | "*" | "+";

export interface Part {
  readonly type: "fixed-text" | "regexp" | "segment-wildcard" | "full-wildcard";
  /** The text, or the source of the regular expression; "" for wildcards. */
  readonly value: string;
  readonly modifier: Modifier;
  readonly name: string;
  readonly prefix: string;
  readonly suffix: string;
}

export interface PatternOptions {
  /** Ends a segment: "." in host names, "/" in paths; or "". */
  readonly delimiter: string;
  /** What a group takes along when it stands before it: "/" in paths; or "". */
  readonly prefix: string;
  readonly ignoreCase: boolean;
}

/** Brings literal text into the form that the component has in a URL. @throws TypeError when it cannot be there. */
export type Encoder = (text: string) => string;

export const fullWildcard = ".*";

/** The source of what a name without an expression matches. */
export function segmentWildcard({ delimiter }: PatternOptions): string {
  return `[^${escapeRegExp(delimiter)}]+?`;
}

export function escapeRegExp(text: string): string {
  return text.replaceAll(/[.+*?^${}()[\]|/\\]/g, "\\$&");
}

/** @throws TypeError for a malformed pattern, a name that occurs twice, or text that the component cannot hold. */
export function parsePartList(input: string, options: PatternOptions, encode: Encoder): readonly Part[] {
  return new PartListParser(input, options, encode).parse();
}

class PartListParser {
  readonly #input: string;
  readonly #options: PatternOptions;
  readonly #encode: Encoder;
  readonly #tokens: readonly Token[];
  readonly #parts: Part[] = [];
  readonly #names = new Set<string>();
  #pending = "";
  #at = 0;
  #nextNumber = 0;

  constructor(input: string, options: PatternOptions, encode: Encoder) {
    this.#input = input;
    this.#options = options;
    this.#encode = encode;
    this.#tokens = tokenize(input, "strict");
  }

  parse(): readonly Part[] {
    while (this.#at < this.#tokens.length) this.#step();
    return this.#parts;
  }

  #step(): void {
    const char = this.#take("char");
    const name = this.#take("name");
    const expression = this.#takeExpression(name);
    if (name !== null || expression !== null) {
      let prefix = char?.value ?? "";
      if (prefix !== "" && prefix !== this.#options.prefix) {
        this.#pending += prefix;
        prefix = "";
      }
      this.#flush();
      this.#add({ prefix, name, expression, suffix: "", modifier: this.#takeModifier() });
      return;
    }
    const fixed = char ?? this.#take("escaped-char");
    if (fixed !== null) {
      this.#pending += fixed.value;
      return;
    }
    if (this.#take("open") !== null) {
      this.#group();
      return;
    }
    this.#flush();
    this.#require("end");
  }

  #group(): void {
    const prefix = this.#takeText();
    const name = this.#take("name");
    const expression = this.#takeExpression(name);
    const suffix = this.#takeText();
    this.#require("close");
    this.#add({ prefix, name, expression, suffix, modifier: this.#takeModifier() });
  }

  #add(group: {
    readonly prefix: string;
    readonly name: Token | null;
    readonly expression: Token | null;
    readonly suffix: string;
    readonly modifier: Modifier;
  }): void {
    const { prefix, name, expression, suffix, modifier } = group;
    if (name === null && expression === null && modifier === "") {
      this.#pending += prefix;
      return;
    }
    this.#flush();
    if (name === null && expression === null) {
      if (prefix !== "") this.#parts.push(fixedText(this.#encode(prefix), modifier));
      return;
    }
    const source = sourceOf(expression, this.#options);
    const isSegment = source === segmentWildcard(this.#options);
    const isFull = source === fullWildcard;
    this.#parts.push({
      type: isSegment ? "segment-wildcard" : isFull ? "full-wildcard" : "regexp",
      value: isSegment || isFull ? "" : source,
      modifier,
      name: this.#newName(name),
      prefix: this.#encode(prefix),
      suffix: this.#encode(suffix),
    });
  }

  #newName(token: Token | null): string {
    const name = token === null ? String(this.#nextNumber++) : token.value;
    if (this.#names.has(name)) throw this.#malformed(`the name ${JSON.stringify(name)} occurs twice`);
    this.#names.add(name);
    return name;
  }

  #flush(): void {
    if (this.#pending === "") return;
    this.#parts.push(fixedText(this.#encode(this.#pending), ""));
    this.#pending = "";
  }

  #take(type: TokenType): Token | null {
    const token = this.#tokens[this.#at];
    if (token?.type !== type) return null;
    this.#at += 1;
    return token;
  }

  #takeExpression(name: Token | null): Token | null {
    return this.#take("regexp") ?? (name === null ? this.#take("asterisk") : null);
  }

  #takeModifier(): Modifier {
    const token = this.#take("other-modifier") ?? this.#take("asterisk");
    return token === null ? "" : (token.value as Modifier);
  }

  #takeText(): string {
    let text = "";
    for (;;) {
      const token = this.#take("char") ?? this.#take("escaped-char");
      if (token === null) return text;
      text += token.value;
    }
  }

  #require(type: TokenType): void {
    if (this.#take(type) !== null) return;
    const found = this.#tokens[this.#at];
    throw this.#malformed(`${found?.type ?? "nothing"} at ${found?.index ?? this.#input.length}, expected ${type}`);
  }

  #malformed(reason: string): TypeError {
    return new TypeError(`Cannot parse the pattern ${JSON.stringify(this.#input)}: ${reason}`);
  }
}

function sourceOf(expression: Token | null, options: PatternOptions): string {
  if (expression === null) return segmentWildcard(options);
  return expression.type === "asterisk" ? fullWildcard : expression.value;
}

function fixedText(value: string, modifier: Modifier): Part {
  return { type: "fixed-text", value, modifier, name: "", prefix: "", suffix: "" };
}
