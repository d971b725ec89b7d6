/**
 * Scans one tag, from its name to `>`: where its name and its attributes are. All positions count from the token's start, because
 * the bytes may move between two chunks. States are named as in the HTML standard (§13.2.5.8 to §13.2.5.40).
 */
import { byte, isSpace } from "./bytes.ts";

/** Numbers of one attribute in `attributes`. `end` is behind the closing quote. */
export const attributeField = { nameStart: 0, nameEnd: 1, valueStart: 2, valueEnd: 3, end: 4, size: 5 } as const;

type State =
  | "tagName"
  | "beforeAttributeName"
  | "attributeName"
  | "afterAttributeName"
  | "beforeAttributeValue"
  | "quotedValue"
  | "unquotedValue"
  | "selfClosing";

interface Window {
  /** Of the token. */
  readonly start: number;
  /** Where to go on. */
  readonly at: number;
  /** Bytes there are. */
  readonly length: number;
}

export class TagScanner {
  kind: "startTag" | "endTag" = "startTag";
  isDone: boolean = false;
  isSelfClosing: boolean = false;
  nameStart: number = 0;
  nameEnd: number = 0;
  /** `attributeField.size` numbers for each; without a value they are all the name's end. */
  readonly attributes: number[] = [];
  #state: State = "tagName";
  #quote = 0;

  begin(nameStart: number, kind: "startTag" | "endTag"): void {
    this.kind = kind;
    this.isDone = false;
    this.isSelfClosing = false;
    this.nameStart = nameStart;
    this.nameEnd = nameStart;
    this.attributes.length = 0;
    this.#state = "tagName";
  }

  /** Goes on; returns where it stopped: behind the tag when `isDone`, else at the end of what there is. */
  scan(bytes: Uint8Array, { start, at, length }: Window): number {
    let i = at;
    while (i < length && !this.isDone) i = this.#step(bytes, { start, at: i, length });
    return i;
  }

  /** Reads what the state is about; returns where the next one begins. */
  #step(bytes: Uint8Array, { start, at, length }: Window): number {
    const c = bytes[at] as number;
    switch (this.#state) {
      case "tagName": {
        const end = nameEnd(bytes, at, length);
        this.nameEnd = end - start;
        if (end < length) this.#state = "beforeAttributeName";
        return end;
      }
      case "beforeAttributeName":
        if (isSpace(c)) return at + 1;
        if (c === byte.slash || c === byte.greater) {
          this.#state = "afterAttributeName";
          return at;
        }
        this.#beginAttribute(at - start);
        // An equals sign here is the first character of a name.
        return c === byte.equals ? at + 1 : at;
      case "attributeName": {
        const end = attributeNameEnd(bytes, at, length);
        if (end < length) {
          this.#set(end - start, end - start, end - start);
          this.#setNameEnd(end - start);
          this.#state = "afterAttributeName";
        }
        return end;
      }
      case "afterAttributeName":
        return this.#afterAttributeName(c, at, start);
      case "beforeAttributeValue":
        return this.#beforeAttributeValue(c, at, start);
      case "quotedValue": {
        const end = bytes.indexOf(this.#quote, at);
        if (end === -1 || end >= length) return length;
        this.#set(null, end - start, end + 1 - start);
        this.#state = "beforeAttributeName";
        return end + 1;
      }
      case "unquotedValue": {
        const end = unquotedEnd(bytes, at, length);
        if (end < length) {
          this.#set(null, end - start, end - start);
          this.#state = "beforeAttributeName";
        }
        return end;
      }
      case "selfClosing":
        this.#state = "beforeAttributeName";
        if (c !== byte.greater) return at;
        this.isSelfClosing = true;
        this.isDone = true;
        return at + 1;
    }
  }

  #afterAttributeName(c: number, at: number, start: number): number {
    if (c === byte.greater) this.isDone = true;
    else if (c === byte.slash) this.#state = "selfClosing";
    else if (c === byte.equals) this.#state = "beforeAttributeValue";
    else if (!isSpace(c)) {
      this.#beginAttribute(at - start);
      return at;
    }
    return at + 1;
  }

  #beforeAttributeValue(c: number, at: number, start: number): number {
    if (isSpace(c)) return at + 1;
    if (c === byte.doubleQuote || c === byte.singleQuote) {
      this.#quote = c;
      this.#state = "quotedValue";
      this.#set(at + 1 - start, at + 1 - start, at + 1 - start);
      return at + 1;
    }
    this.#set(at - start, at - start, at - start);
    if (c === byte.greater) {
      this.isDone = true;
      return at + 1;
    }
    this.#state = "unquotedValue";
    return at;
  }

  #beginAttribute(nameStart: number): void {
    this.#state = "attributeName";
    this.attributes.push(nameStart, nameStart, nameStart, nameStart, nameStart);
  }

  #setNameEnd(nameEnd: number): void {
    this.attributes[this.attributes.length - attributeField.size + attributeField.nameEnd] = nameEnd;
  }

  /** Of the last attribute; null keeps the start. */
  #set(valueStart: number | null, valueEnd: number, end: number): void {
    const { attributes } = this;
    const base = attributes.length - attributeField.size;
    if (valueStart !== null) attributes[base + attributeField.valueStart] = valueStart;
    attributes[base + attributeField.valueEnd] = valueEnd;
    attributes[base + attributeField.end] = end;
  }
}

function nameEnd(bytes: Uint8Array, from: number, length: number): number {
  let i = from;
  for (; i < length; i++) {
    const c = bytes[i] as number;
    if (c <= 0x3e && (isSpace(c) || c === byte.slash || c === byte.greater)) break;
  }
  return i;
}

function attributeNameEnd(bytes: Uint8Array, from: number, length: number): number {
  let i = from;
  for (; i < length; i++) {
    const c = bytes[i] as number;
    if (c <= 0x3e && (isSpace(c) || c === byte.slash || c === byte.greater || c === byte.equals)) break;
  }
  return i;
}

function unquotedEnd(bytes: Uint8Array, from: number, length: number): number {
  let i = from;
  for (; i < length; i++) {
    const c = bytes[i] as number;
    if (c <= 0x3e && (isSpace(c) || c === byte.greater)) break;
  }
  return i;
}
