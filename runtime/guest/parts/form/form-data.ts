/** FormData (https://xhr.spec.whatwg.org/#interface-formdata): an ordered list of names with strings or files. */
import { finishInterface } from "../../web/core/interface.ts";
import { pairIterators } from "../../web/core/pair-iterator.ts";
import { isObject, requireArguments, toUsvString } from "../../web/core/webidl.ts";
import { type Blob, bytesOfBlob, File, isBlob, isFile } from "../../web/body/blob.ts";

export type FormDataEntryValue = File | string;
type Entry = readonly [name: string, value: FormDataEntryValue];
type SetParameters = [name: string, value: string | Blob, fileName?: string];

let entriesIn: (form: FormData) => readonly Entry[];
let hasBrand: (value: object) => boolean;

export class FormData {
  #entries: Entry[] = [];

  constructor(form?: undefined) {
    if (form !== undefined) throw new TypeError("Cannot create FormData: there are no form elements here");
  }

  append(...parameters: SetParameters): void {
    requireArguments(parameters.length, 2, "FormData.append");
    this.#entries.push(entryOf(parameters, "FormData.append"));
  }

  set(...parameters: SetParameters): void {
    requireArguments(parameters.length, 2, "FormData.set");
    const entry = entryOf(parameters, "FormData.set");
    const at = this.#entries.findIndex(([name]) => name === entry[0]);
    if (at < 0) {
      this.#entries.push(entry);
      return;
    }
    this.#entries = this.#entries.filter(([name], index) => index <= at || name !== entry[0]);
    this.#entries[at] = entry;
  }

  delete(...parameters: [name: string]): void {
    requireArguments(parameters.length, 1, "FormData.delete");
    const name = toUsvString(parameters[0]);
    this.#entries = this.#entries.filter((entry) => entry[0] !== name);
  }

  get(...parameters: [name: string]): FormDataEntryValue | null {
    requireArguments(parameters.length, 1, "FormData.get");
    const name = toUsvString(parameters[0]);
    return this.#entries.find((entry) => entry[0] === name)?.[1] ?? null;
  }

  getAll(...parameters: [name: string]): FormDataEntryValue[] {
    requireArguments(parameters.length, 1, "FormData.getAll");
    const name = toUsvString(parameters[0]);
    return this.#entries.filter((entry) => entry[0] === name).map((entry) => entry[1]);
  }

  has(...parameters: [name: string]): boolean {
    requireArguments(parameters.length, 1, "FormData.has");
    const name = toUsvString(parameters[0]);
    return this.#entries.some((entry) => entry[0] === name);
  }

  forEach(
    ...parameters: [callback: (value: FormDataEntryValue, name: string, form: FormData) => void, self?: unknown]
  ): void {
    requireArguments(parameters.length, 1, "FormData.forEach");
    const [callback, self] = parameters;
    if (typeof callback !== "function")
      throw new TypeError("Cannot call FormData.forEach: the callback is not a function");
    for (let index = 0, entry = this.#entries[0]; entry !== undefined; entry = this.#entries[++index]) {
      Reflect.apply(callback, self, [entry[1], entry[0], this]);
    }
  }

  entries(): IteratorObject<[string, FormDataEntryValue], undefined> {
    void this.#entries;
    return makeIterator((index) => this.#entries[index], "key+value");
  }

  keys(): IteratorObject<string, undefined> {
    void this.#entries;
    return makeIterator((index) => this.#entries[index], "key");
  }

  values(): IteratorObject<FormDataEntryValue, undefined> {
    void this.#entries;
    return makeIterator((index) => this.#entries[index], "value");
  }

  declare readonly [Symbol.iterator]: () => IteratorObject<[string, FormDataEntryValue], undefined>;

  static {
    entriesIn = (form) => form.#entries;
    hasBrand = (value) => #entries in value;
  }
}

export function isFormData(value: unknown): value is FormData {
  return isObject(value) && hasBrand(value);
}

/** The entries in order: to be read only. */
export function entriesOfForm(form: FormData): readonly Entry[] {
  return entriesIn(form);
}

function entryOf(parameters: SetParameters, where: string): Entry {
  const name = toUsvString(parameters[0]);
  const value: unknown = parameters[1];
  if (!isBlob(value)) {
    if (parameters.length > 2) throw new TypeError(`Cannot call ${where} with a file name: the value is not a Blob`);
    return [name, toUsvString(value)];
  }
  const fileName = parameters[2] === undefined ? undefined : toUsvString(parameters[2]);
  if (isFile(value) && fileName === undefined) return [name, value];
  const lastModified = isFile(value) ? { lastModified: value.lastModified } : {};
  return [name, new File([bytesOfBlob(value)], fileName ?? "blob", { type: value.type, ...lastModified })];
}

const makeIterator = pairIterators<FormDataEntryValue>("FormData Iterator");

Object.defineProperty(FormData.prototype, Symbol.iterator, {
  value: FormData.prototype.entries,
  writable: true,
  configurable: true,
});
finishInterface(FormData, "FormData", { shown: [] });
