/** A start tag as it stands in the source, and what handlers change about it. Values are kept as written: character references are not decoded. */
import { encodeUtf8 } from "../../web/encoding/utf8.ts";
import { concatBytes } from "../../web/encoding/buffer-source.ts";
import { quoteAttribute } from "./content.ts";
import { type Names, textOf } from "./names.ts";
import { attributeField, type TagScanner } from "./tag-scanner.ts";

interface Attribute {
  readonly name: string;
  value: string;
  /** As written; null when it was set here. */
  source: Uint8Array | null;
}

interface Source {
  readonly bytes: Uint8Array;
  /** Of the token in `bytes`. */
  readonly start: number;
  /** Good until the next token: what is asked for later must have been asked for before. */
  readonly scanner: TagScanner;
  readonly names: Names;
}

export class StartTag {
  /** In lower case. */
  readonly name: string;
  readonly isSelfClosing: boolean;
  newName: string | null = null;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #scanner: TagScanner;
  readonly #names: Names;
  #attributes: Attribute[] | null = null;
  #isChanged = false;

  constructor({ bytes, start, scanner, names }: Source) {
    this.#bytes = bytes;
    this.#start = start;
    this.#scanner = scanner;
    this.#names = names;
    this.isSelfClosing = scanner.isSelfClosing;
    this.name = names.at(bytes, start + scanner.nameStart, start + scanner.nameEnd);
  }

  get isChanged(): boolean {
    return this.#isChanged || this.newName !== null;
  }

  /** In their order; of several with one name the first alone. */
  attributes(): IterableIterator<[name: string, value: string]> {
    return this.#read()
      .map(({ name, value }): [string, string] => [name, value])
      .values();
  }

  /** `name` is in lower case. */
  attribute(name: string): string | null {
    if (this.#attributes === null && this.#scanner.attributes.length === 0) return null;
    return this.#read().find((candidate) => candidate.name === name)?.value ?? null;
  }

  setAttribute(name: string, value: string): void {
    const attributes = this.#read();
    const known = attributes.find((candidate) => candidate.name === name);
    if (known === undefined) attributes.push({ name, value, source: null });
    else {
      known.value = value;
      known.source = null;
    }
    this.#isChanged = true;
  }

  removeAttribute(name: string): void {
    const attributes = this.#read();
    const index = attributes.findIndex((candidate) => candidate.name === name);
    if (index === -1) return;
    attributes.splice(index, 1);
    this.#isChanged = true;
  }

  /** The changed tag: what was not changed stays as it was written. */
  serialize(): Uint8Array {
    const name =
      this.newName === null ? this.#slice(this.#scanner.nameStart, this.#scanner.nameEnd) : encodeUtf8(this.newName);
    const pieces = [encodeUtf8("<"), name];
    for (const { name: attribute, value, source } of this.#read()) {
      pieces.push(encodeUtf8(" "), source ?? encodeUtf8(`${attribute}=${quoteAttribute(value)}`));
    }
    pieces.push(encodeUtf8(this.isSelfClosing ? " />" : ">"));
    return concatBytes(pieces);
  }

  #read(): Attribute[] {
    if (this.#attributes !== null) return this.#attributes;
    const byName = new Map<string, Attribute>();
    const numbers = this.#scanner.attributes;
    for (let i = 0; i < numbers.length; i += attributeField.size) {
      const nameStart = numbers[i] as number;
      const nameEnd = numbers[i + attributeField.nameEnd] as number;
      const name = this.#names.at(this.#bytes, this.#start + nameStart, this.#start + nameEnd);
      if (byName.has(name)) continue;
      const valueStart = numbers[i + attributeField.valueStart] as number;
      const valueEnd = numbers[i + attributeField.valueEnd] as number;
      byName.set(name, {
        name,
        value: valueStart === valueEnd ? "" : textOf(this.#slice(valueStart, valueEnd)),
        source: this.#slice(nameStart, numbers[i + attributeField.end] as number),
      });
    }
    this.#attributes = [...byName.values()];
    return this.#attributes;
  }

  #slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(this.#start + from, this.#start + to);
  }
}
