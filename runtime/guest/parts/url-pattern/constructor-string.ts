/** Cuts a pattern that is written like a URL into its components (https://urlpattern.spec.whatwg.org/#constructor-string-parsing). */
import { canonicalProtocol } from "./canonicalize.ts";
import { compileComponent, matchesSpecialScheme, plainOptions } from "./component.ts";
import type { ComponentName, PatternInit } from "./pattern-init.ts";
import { tokenize, type Token } from "./tokens.ts";

type State = ComponentName | "init" | "authority" | "done";

/** The components that `input` names; those it leaves to others are absent. @throws TypeError for a malformed protocol. */
export function parseConstructorString(input: string): PatternInit {
  return new ConstructorStringParser(input).parse();
}

const beforeHostname: readonly State[] = ["protocol", "authority", "username", "password"];
const beforePathname: readonly State[] = [...beforeHostname, "hostname", "port"];

class ConstructorStringParser {
  readonly #input: string;
  readonly #tokens: readonly Token[];
  readonly #result: { -readonly [Name in keyof PatternInit]: PatternInit[Name] } = {};
  #componentStart = 0;
  #at = 0;
  #increment = 1;
  #groupDepth = 0;
  #bracketDepth = 0;
  #isSpecial = false;
  #state: State = "init";

  constructor(input: string) {
    this.#input = input;
    this.#tokens = tokenize(input, "lenient");
  }

  parse(): PatternInit {
    while (this.#at < this.#tokens.length && this.#state !== "done") {
      this.#increment = 1;
      if (this.#tokens[this.#at]?.type === "end") this.#atEnd();
      else if (!this.#isInGroup()) this.#step();
      this.#at += this.#increment;
    }
    if (this.#result.hostname !== undefined) this.#result.port ??= "";
    return this.#result;
  }

  #atEnd(): void {
    if (this.#state === "init") {
      this.#rewind();
      if (this.#is("#")) this.#change("hash", 1);
      else if (this.#isSearchPrefix()) this.#change("search", 1);
      else this.#change("pathname", 0);
    } else if (this.#state === "authority") this.#rewind("hostname");
    else this.#change("done", 0);
  }

  #isInGroup(): boolean {
    const type = this.#tokens[this.#at]?.type;
    if (type === "open") {
      this.#groupDepth += 1;
      return true;
    }
    if (this.#groupDepth === 0) return false;
    if (type !== "close") return true;
    this.#groupDepth -= 1;
    return false;
  }

  #step(): void {
    switch (this.#state) {
      case "init":
        if (this.#is(":")) this.#rewind("protocol");
        return;
      case "protocol":
        if (this.#is(":")) this.#endProtocol();
        return;
      case "authority":
        if (this.#is("@")) this.#rewind("username");
        else if (this.#is("/") || this.#isSearchPrefix() || this.#is("#")) this.#rewind("hostname");
        return;
      case "username":
        if (this.#is(":")) this.#change("password", 1);
        else if (this.#is("@")) this.#change("hostname", 1);
        return;
      case "password":
        if (this.#is("@")) this.#change("hostname", 1);
        return;
      case "hostname":
        if (this.#is("[")) this.#bracketDepth += 1;
        else if (this.#is("]")) this.#bracketDepth -= 1;
        else if (this.#is(":") && this.#bracketDepth === 0) this.#change("port", 1);
        else this.#endBeforePath();
        return;
      case "port":
        this.#endBeforePath();
        return;
      case "pathname":
        if (this.#isSearchPrefix()) this.#change("search", 1);
        else if (this.#is("#")) this.#change("hash", 1);
        return;
      case "search":
        if (this.#is("#")) this.#change("hash", 1);
        return;
      case "hash":
      case "done":
    }
  }

  #endBeforePath(): void {
    if (this.#is("/")) this.#change("pathname", 0);
    else if (this.#isSearchPrefix()) this.#change("search", 1);
    else if (this.#is("#")) this.#change("hash", 1);
  }

  #endProtocol(): void {
    const protocol = compileComponent(this.#componentText(), canonicalProtocol, plainOptions);
    this.#isSpecial = matchesSpecialScheme(protocol);
    if (this.#is("/", 1) && this.#is("/", 2)) this.#change("authority", 3);
    else this.#change(this.#isSpecial ? "authority" : "pathname", 1);
  }

  #change(next: State, skip: number): void {
    const state = this.#state;
    if (state !== "init" && state !== "authority" && state !== "done") this.#result[state] = this.#componentText();
    if (state !== "init" && next !== "done") this.#fillBetween(state, next);
    this.#state = next;
    this.#at += skip;
    this.#componentStart = this.#at;
    this.#increment = 0;
  }

  /** What is skipped is there, and empty. */
  #fillBetween(state: State, next: State): void {
    const result = this.#result;
    const toSearch = next === "search" || next === "hash";
    if (beforeHostname.includes(state) && (toSearch || next === "port" || next === "pathname")) result.hostname ??= "";
    if (beforePathname.includes(state) && toSearch) result.pathname ??= this.#isSpecial ? "/" : "";
    if ((beforePathname.includes(state) || state === "pathname") && next === "hash") result.search ??= "";
  }

  #rewind(state: State = this.#state): void {
    this.#at = this.#componentStart;
    this.#increment = 0;
    this.#state = state;
  }

  #is(value: string, ahead: number = 0): boolean {
    const token = this.#tokens[this.#at + ahead];
    if (token?.value !== value) return false;
    return token.type === "char" || token.type === "escaped-char" || token.type === "invalid-char";
  }

  /** A question mark after a group is a modifier. */
  #isSearchPrefix(): boolean {
    if (this.#is("?")) return true;
    if (this.#tokens[this.#at]?.value !== "?") return false;
    const previous = this.#tokens[this.#at - 1];
    return previous === undefined || !["name", "regexp", "close", "asterisk"].includes(previous.type);
  }

  #componentText(): string {
    return this.#input.slice(this.#tokens[this.#componentStart]?.index, this.#tokens[this.#at]?.index);
  }
}
