/**
 * Cuts bytes of HTML into tokens as the HTML standard does (https://html.spec.whatwg.org/#tokenization), whatever chunks they come in.
 *
 * It works on bytes, because everything it looks for is ASCII: text of any ASCII-compatible encoding passes untouched. It decodes no character
 * references, builds no tree, and is told by its owner which kind of text follows a start tag. Tokens lie end to end: what is no
 * token by the standard (`</>`, a tag cut off by the end) is `skipped`. Scanning resumes where it stopped: the cost is linear however
 * the input is cut.
 */
import { tokenBytesMax } from "./limits.ts";
import { byte, isAlpha, isSpace, sameName } from "./bytes.ts";
import { TagScanner } from "./tag-scanner.ts";

export type TokenKind = "text" | "startTag" | "endTag" | "comment" | "doctype" | "skipped";

/** How text is read (the standard's tokenizer states). `cdata` is between its markers, in SVG and MathML alone. */
export type TextMode = "data" | "rcdata" | "rawtext" | "script" | "plaintext" | "cdata";

type State = "text" | "tag" | "comment" | "bogus" | "doctype";

const none = new Uint8Array(0);

export class Tokenizer {
  /** What `start`, `end` and the others point into; good until the next `push`. */
  bytes: Uint8Array = none;
  /** The token is `bytes[start..end)`. */
  start: number = 0;
  end: number = 0;
  /** The text of a comment, from `start`. */
  commentStart: number = 0;
  commentEnd: number = 0;
  /** What is known of a tag. */
  readonly tag: TagScanner = new TagScanner();
  /** Whether `<![CDATA[` begins text here: the current node is in SVG or MathML. Kept by the owner. */
  isCdataAllowed: boolean = false;

  #length = 0;
  #isOwned = false;
  #at = 0;
  #isLast = false;
  #state: State = "text";
  #mode: TextMode = "data";
  /** The element whose end tag ends the text, in lower case. */
  #endName = "";
  /** In a script: 1 after `<!--`, 2 after another `<script` in that. */
  #escape: 0 | 1 | 2 = 0;
  #dashes = 0;

  /** More bytes. All tokens before them were taken. @throws RangeError when a token that is not text is too long. */
  push(chunk: Uint8Array): void {
    const held = this.#length - this.end;
    if (held === 0) {
      this.bytes = chunk;
      this.#length = chunk.length;
      this.#at = 0;
      this.end = 0;
      this.#isOwned = false;
      return;
    }
    if (held > tokenBytesMax) {
      throw new RangeError(
        `Cannot transform HTML: a tag, comment or doctype is longer than allowed: ${String(tokenBytesMax)} bytes`,
      );
    }
    if (!this.#isOwned || this.#length + chunk.length > this.bytes.length) this.#moveHeld(held, chunk.length);
    this.bytes.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  /** No more bytes will come: the rest becomes tokens. */
  finish(): void {
    this.#isLast = true;
  }

  /** How the text after the start tag `name` is read; called right after that tag. */
  enterText(mode: TextMode, name: string): void {
    this.#mode = mode;
    this.#endName = name;
    this.#escape = 0;
    this.#dashes = 0;
  }

  /** The next token, or null when more bytes are needed (or none are left). */
  next(): TokenKind | null {
    this.start = this.end;
    switch (this.#state) {
      case "text":
        return this.#start();
      case "tag":
        return this.#tag();
      case "comment":
        return this.#comment();
      case "bogus":
        return this.#bogus();
      case "doctype":
        return this.#untilGreater("doctype");
    }
  }

  /** Appending must not write over bytes that were given away. */
  #moveHeld(held: number, more: number): void {
    const grown = new Uint8Array(Math.max(4_096, 2 * (held + more)));
    grown.set(this.bytes.subarray(this.end, this.#length));
    this.bytes = grown;
    this.#isOwned = true;
    this.#at -= this.end;
    this.#length = held;
    this.end = 0;
  }

  #start(): TokenKind | null {
    if (this.start === this.#length) return null;
    switch (this.#mode) {
      case "data":
        return this.#data();
      case "rcdata":
      case "rawtext":
        return this.#raw();
      case "script":
        return this.#script();
      case "cdata":
        return this.#cdata();
      case "plaintext":
        return this.#textSoFar();
    }
  }

  #token(kind: TokenKind, end: number): TokenKind {
    this.end = end;
    this.#at = end;
    this.#state = "text";
    return kind;
  }

  /** All that is there is text, but for a character whose last bytes are missing. */
  #textSoFar(): TokenKind | null {
    const end = this.#isLast ? this.#length : wholeCharacters(this.bytes, this.start, this.#length);
    if (end > this.start) return this.#token("text", end);
    this.#at = end;
    return null;
  }

  /** There may be more to the `<` (or `]`) at `at`: first the text before it. */
  #wait(at: number): TokenKind | null {
    if (at > this.start) return this.#token("text", at);
    this.#at = at;
    return null;
  }

  #find(value: number): number {
    const found = this.bytes.indexOf(value, this.#at);
    return found < this.#length ? found : -1;
  }

  /** Whether `word` (lower case) stands at `at`; null when there are not enough bytes to tell. */
  #says(at: number, word: string): boolean | null {
    for (let i = 0; i < word.length; i++) {
      if (at + i >= this.#length) return this.#isLast ? false : null;
      if (((this.bytes[at + i] as number) | 0x20) !== (word.charCodeAt(i) | 0x20)) return false;
    }
    return sameName(this.bytes, at, word);
  }

  /** Whether `<`, `prefix`, `name` and what ends a tag's name stand at `at`; null when there are not enough bytes to tell. */
  #namesTag(at: number, prefix: "<" | "</", name: string): boolean | null {
    const says = this.#says(at, prefix + name);
    if (says !== true) return says;
    const after = at + prefix.length + name.length;
    if (after >= this.#length) return this.#isLast ? false : null;
    const c = this.bytes[after] as number;
    return isSpace(c) || c === byte.slash || c === byte.greater;
  }

  #data(): TokenKind | null {
    for (;;) {
      const less = this.#find(byte.less);
      if (less === -1) return this.#textSoFar();
      if (less > this.start) return this.#token("text", less);
      const c = this.bytes[less + 1];
      if (less + 1 >= this.#length || c === undefined) return this.#isLast ? this.#textSoFar() : null;
      if (isAlpha(c)) return this.#beginTag(less + 1, "startTag");
      if (c === byte.bang) return this.#declaration();
      if (c === byte.question) return this.#beginBogus(1);
      if (c === byte.slash) return this.#endTagOpen();
      this.#at = less + 1;
    }
  }

  #beginTag(nameAt: number, kind: "startTag" | "endTag"): TokenKind | null {
    this.#state = "tag";
    this.#at = nameAt;
    this.tag.begin(nameAt - this.start, kind);
    return this.#tag();
  }

  #tag(): TokenKind | null {
    const { tag } = this;
    const at = tag.scan(this.bytes, { start: this.start, at: this.#at, length: this.#length });
    this.#at = at;
    if (tag.isDone) {
      if (tag.kind === "endTag" && this.#mode !== "data") this.#mode = "data";
      return this.#token(tag.kind, at);
    }
    return this.#isLast ? this.#token("skipped", this.#length) : null;
  }

  #endTagOpen(): TokenKind | null {
    const at = this.start + 2;
    const c = this.bytes[at];
    if (at >= this.#length || c === undefined) return this.#isLast ? this.#token("text", this.#length) : null;
    if (isAlpha(c)) return this.#beginTag(at, "endTag");
    return c === byte.greater ? this.#token("skipped", at + 1) : this.#beginBogus(2);
  }

  #declaration(): TokenKind | null {
    const at = this.start + 2;
    const isComment = this.#says(at, "--");
    if (isComment === true) {
      this.#state = "comment";
      this.#at = at + 2;
      this.commentStart = 4;
      return this.#comment();
    }
    const isDoctype = this.#says(at, "doctype");
    if (isDoctype === true) {
      this.#state = "doctype";
      this.#at = at + 7;
      return this.#untilGreater("doctype");
    }
    const isCdata = this.isCdataAllowed ? this.#says(at, "[CDATA[") : false;
    if (isCdata === true) {
      this.#mode = "cdata";
      return this.#token("skipped", at + 7);
    }
    if (isComment === null || isDoctype === null || isCdata === null) return null;
    return this.#beginBogus(2);
  }

  #beginBogus(textFrom: number): TokenKind | null {
    this.#state = "bogus";
    this.commentStart = textFrom;
    this.#at = this.start + textFrom;
    return this.#bogus();
  }

  #bogus(): TokenKind | null {
    const kind = this.#untilGreater("comment");
    if (kind === null) return null;
    const isClosed = this.bytes[this.end - 1] === byte.greater && this.end - this.start > this.commentStart;
    this.commentEnd = this.end - this.start - (isClosed ? 1 : 0);
    return kind;
  }

  #untilGreater(kind: TokenKind): TokenKind | null {
    const greater = this.#find(byte.greater);
    if (greater !== -1) return this.#token(kind, greater + 1);
    this.#at = this.#length;
    return this.#isLast ? this.#token(kind, this.#length) : null;
  }

  /** Ends at `-->` (whose dashes may be the opening ones) or at `--!>`. */
  #comment(): TokenKind | null {
    const { bytes } = this;
    const from = this.start + 4;
    for (;;) {
      const greater = this.#find(byte.greater);
      if (greater === -1) break;
      this.#at = greater + 1;
      const bang = bytes[greater - 1] === byte.bang ? 1 : 0;
      const dashes = greater - bang - 2;
      if (dashes < from - (bang === 0 ? 2 : 0)) continue;
      if (bytes[dashes] !== byte.dash || bytes[dashes + 1] !== byte.dash) continue;
      this.commentEnd = Math.max(dashes, from) - this.start;
      return this.#token("comment", greater + 1);
    }
    this.#at = this.#length;
    if (!this.#isLast) return null;
    this.commentEnd = unclosedCommentEnd(bytes, from, this.#length) - this.start;
    return this.#token("comment", this.#length);
  }

  #raw(): TokenKind | null {
    for (;;) {
      const less = this.#find(byte.less);
      if (less === -1) return this.#textSoFar();
      const ends = this.#namesTag(less, "</", this.#endName);
      if (ends === null) return this.#wait(less);
      if (ends) return this.#endText(less);
      this.#at = less + 1;
    }
  }

  #endText(less: number): TokenKind | null {
    return less > this.start ? this.#token("text", less) : this.#beginTag(less + 2, "endTag");
  }

  /** Script data with its escaped states: `<!--` hides nothing, `<!-- <script` hides the next end tag. */
  #script(): TokenKind | null {
    for (;;) {
      const less = this.#escape === 0 ? this.#find(byte.less) : this.#scanEscaped();
      if (less === -1) return this.#textSoFar();
      this.#dashes = 0;
      const ends = this.#escape === 2 ? false : this.#namesTag(less, "</", "script");
      if (ends === true) return this.#endText(less);
      const turns = this.#turnsAt(less);
      if (ends === null || turns === null) return this.#wait(less);
      this.#at = less + 1;
      if (!turns) continue;
      if (this.#escape === 0) {
        this.#escape = 1;
        this.#dashes = 2;
        this.#at = less + 4;
      } else this.#escape = this.#escape === 1 ? 2 : 1;
    }
  }

  #turnsAt(less: number): boolean | null {
    if (this.#escape === 0) return this.#says(less, "<!--");
    return this.#namesTag(less, this.#escape === 1 ? "<" : "</", "script");
  }

  /** The next `<` of a script's escaped text, or -1 when there is none yet; `-->` ends being escaped. */
  #scanEscaped(): number {
    for (let at = this.#at; at < this.#length; at++) {
      const c = this.bytes[at];
      if (c === byte.less) return at;
      if (c === byte.dash) this.#dashes++;
      else if (c === byte.greater && this.#dashes >= 2) {
        this.#escape = 0;
        this.#dashes = 0;
        this.#at = at + 1;
        return this.#find(byte.less);
      } else this.#dashes = 0;
    }
    this.#at = this.#length;
    return -1;
  }

  #cdata(): TokenKind | null {
    for (;;) {
      const bracket = this.#find(byte.closeBracket);
      if (bracket === -1) return this.#textSoFar();
      const ends = this.#says(bracket, "]]>");
      if (ends === null) return this.#wait(bracket);
      this.#at = bracket + 1;
      if (!ends) continue;
      if (bracket > this.start) return this.#token("text", bracket);
      this.#mode = "data";
      return this.#token("skipped", bracket + 3);
    }
  }
}

/** Where a comment's text ends that the end of input cut off: begun end marks are no text. */
function unclosedCommentEnd(bytes: Uint8Array, from: number, length: number): number {
  const dashesBefore = (at: number): number => {
    let count = 0;
    while (count < 2 && at - count - 1 >= from && bytes[at - count - 1] === byte.dash) count++;
    return count;
  };
  if (bytes[length - 1] === byte.bang && dashesBefore(length - 1) === 2) return length - 3;
  return Math.max(from, length - dashesBefore(length));
}

/** The end of the last whole UTF-8 character in `bytes[from..to)`. */
function wholeCharacters(bytes: Uint8Array, from: number, to: number): number {
  for (let back = 1; back <= 3 && to - back >= from; back++) {
    const c = bytes[to - back] as number;
    if (c < 0x80) return to;
    if (c < 0xc0) continue;
    const size = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return size > back ? to - back : to;
  }
  return to;
}
