/**
 * A key of a document as one value that both reads and describes it; tables of them are parser and reference at once.
 *
 * Knows no domain. Invariant: a table of type `Fields<T>` has every key of T and nothing else, which the compiler checks, and what
 * `readFields` gives has no key that is undefined.
 */
import type { Check, FieldReader } from "../field-reader.ts";
import type { KeyDescription, KeyShape } from "../key-description.ts";

export interface Field<T> {
  readonly meaning: string;
  readonly allowed: string;
  readonly default?: string | number | boolean;
  readonly presence: KeyDescription["presence"];
  readonly shape: KeyShape;
  /** The value of `key`, or undefined when the key is to be left out. */
  read(fields: FieldReader, key: string): T | undefined;
}

/** A table with one field for each key of T. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<NonNullable<T[K]>> };

/** Looks at a whole object or list after its parts were found right. */
export type WholeCheck<T> = (value: T, fields: FieldReader) => void;

/** The object that `fields` reads; unknown keys become problems. */
export function readFields<T>(table: Fields<T>, fields: FieldReader): T {
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries<Field<unknown>>(table)) {
    const value = field.read(fields, key);
    if (value !== undefined) result[key] = value;
  }
  fields.finish();
  return result as T;
}

/** What `table` says about its keys. */
export function describeFields<T>(table: Fields<T>): readonly KeyDescription[] {
  return Object.entries<Field<unknown>>(table).map(
    ([key, { meaning, allowed, presence, shape, default: standard }]) => ({
      key,
      meaning,
      allowed,
      presence,
      shape,
      ...(standard === undefined ? {} : { default: standard }),
    }),
  );
}

interface Common<T> {
  readonly meaning: string;
  /** Absent: the key is required. */
  readonly default?: T;
}

function common<T extends string | number | boolean>(
  options: Common<T>,
): Pick<Field<T>, "meaning" | "presence" | "default"> {
  const { meaning, default: standard } = options;
  return standard === undefined
    ? { meaning, presence: "required" }
    : { meaning, presence: "filled", default: standard };
}

export function integer(options: Common<number> & { readonly min: number; readonly max: number }): Field<number> {
  const { min, max } = options;
  return {
    ...common(options),
    allowed: `an integer ${min}..${max}`,
    shape: { kind: "integer", min, max },
    read: (fields, key) => fields.integer(key, options),
  };
}

export function decimal(options: Common<number> & { readonly min: number; readonly max: number }): Field<number> {
  const { min, max } = options;
  return {
    ...common(options),
    allowed: `a number ${min}..${max}`,
    shape: { kind: "number", min, max },
    read: (fields, key) => fields.number(key, options),
  };
}

export function truth(options: Common<boolean>): Field<boolean> {
  return {
    ...common(options),
    allowed: "true or false",
    shape: { kind: "boolean" },
    read: (fields, key) => fields.boolean(key, options),
  };
}

export function choice<const T extends string | number>(
  options: Common<NoInfer<T>> & { readonly values: readonly [T, ...T[]] },
): Field<T> {
  const { values } = options;
  return {
    ...common<string | number>(options),
    allowed: values.join(", "),
    shape: { kind: "choice", values },
    read: (fields, key) => fields.choice(key, options),
  };
}

export interface TextOptions extends Common<string> {
  /** Completing "allowed: …". */
  readonly allowed: string;
  readonly accepts: (value: string, fields: FieldReader) => boolean;
  /** The value is not repeated in problems. */
  readonly secret?: true;
}

export function text(options: TextOptions): Field<string> {
  const { allowed } = options;
  return {
    ...common(options),
    allowed,
    shape: { kind: "text" },
    read: (fields, key) =>
      options.secret === undefined ? readText(fields, key, options) : readSecret(fields, key, options),
  };
}

/** A text that some values of other keys need and others forbid. */
export function textWhen(
  options: Omit<TextOptions, "default" | "secret"> & {
    /** True: it belongs here. A text: it must be absent, for this reason ("allowed: absent …"). Null: nothing can be said. */
    readonly when: (fields: FieldReader) => true | string | null;
    readonly checkFor?: (fields: FieldReader) => Check<string>;
  },
): Field<string> {
  return {
    meaning: options.meaning,
    presence: "depends",
    allowed: options.allowed,
    shape: { kind: "text" },
    read: (fields, key) => {
      const belongs = options.when(fields);
      if (belongs === true) {
        return options.checkFor === undefined
          ? readText(fields, key, options)
          : fields.string(key, { check: options.checkFor(fields) });
      }
      if (fields.raw(key) !== undefined && belongs !== null) fields.report(key, `is given, allowed: absent ${belongs}`);
      return undefined;
    },
  };
}

function readText(fields: FieldReader, key: string, options: Omit<TextOptions, "meaning">): string {
  return fields.string(key, {
    check: (value) => (options.accepts(value, fields) ? null : options.allowed),
    ...(options.default === undefined ? {} : { default: options.default }),
  });
}

function readSecret(fields: FieldReader, key: string, { allowed, accepts }: TextOptions): string {
  const value = fields.raw(key);
  if (value === undefined) return fields.string(key, { check: () => null });
  if (typeof value === "string" && accepts(value, fields)) return value;
  fields.report(key, `received something else (not shown), allowed: ${allowed}`);
  return "";
}

/** Texts in a list. */
export function textList(
  options: Pick<TextOptions, "meaning" | "allowed"> & {
    readonly itemsMax: number;
    readonly accepts: (value: string) => boolean;
    readonly check?: WholeCheck<readonly string[]>;
  },
): Field<readonly string[]> {
  const { meaning, allowed, itemsMax } = options;
  return {
    meaning,
    presence: "required",
    allowed: `a list of at most ${itemsMax}, each ${allowed}`,
    shape: { kind: "list", itemsMax, item: { kind: "text" } },
    read: (fields, key) => {
      const before = fields.problemCount;
      const values = fields.items(key, { itemsMax }).map(({ input }, index) => {
        if (typeof input === "string" && options.accepts(input)) return input;
        fields.report(`${key}[${index}]`, `received ${JSON.stringify(input)?.slice(0, 100)}, allowed: ${allowed}`);
        return "";
      });
      if (fields.problemCount === before) options.check?.(values, fields);
      return values;
    },
  };
}

/** An object that is there, with its defaults, even when it is absent in the input; `optional` makes absent stay absent. */
export function object<T>(
  table: Fields<T>,
  { meaning, check }: { readonly meaning: string; readonly check?: WholeCheck<T> },
): Field<T> {
  return {
    meaning,
    presence: "filled",
    allowed: "an object",
    shape: { kind: "object", keys: describeFields(table) },
    read: (fields, key) => readWhole(table, fields.object(key), check),
  };
}

/** Objects in a list; an absent key is an empty list. */
export function list<T>(
  table: Fields<T>,
  options: {
    readonly meaning: string;
    readonly itemsMax: number;
    /** Of one item. */
    readonly check?: WholeCheck<T>;
    /** Of the whole list; `fields` is the reader of the object that holds it. */
    readonly checkList?: (items: readonly T[], place: { readonly key: string; readonly fields: FieldReader }) => void;
  },
): Field<readonly T[]> {
  const { meaning, itemsMax, check, checkList } = options;
  return {
    meaning,
    presence: "filled",
    allowed: `a list of at most ${itemsMax} objects`,
    shape: { kind: "list", itemsMax, item: { kind: "object", keys: describeFields(table) } },
    read: (fields, key) => {
      const before = fields.problemCount;
      const items = fields.readers(key, { itemsMax }).map((item) => readWhole(table, item, check));
      if (fields.problemCount === before) checkList?.(items, { key, fields });
      return items;
    },
  };
}

function readWhole<T>(table: Fields<T>, fields: FieldReader, check: WholeCheck<T> | undefined): T {
  const before = fields.problemCount;
  const value = readFields(table, fields);
  if (fields.problemCount === before) check?.(value, fields);
  return value;
}

/** `field` whose key may be absent and then stays so. */
export function optional<T>(field: Field<T>, means?: string | number | boolean): Field<T> {
  const { default: _default, ...rest } = field;
  return {
    ...rest,
    presence: "optional",
    ...(means === undefined ? {} : { default: means }),
    read: (fields, key) => (fields.has(key) ? field.read(fields, key) : void fields.raw(key)),
  };
}

/** For `checkList`: no two items have one value; `path` names it within an item. */
export function unique<T>(
  of: (item: T) => string | number,
  { path, what }: { readonly path: string; readonly what: string },
): (items: readonly T[], place: { readonly key: string; readonly fields: FieldReader }) => void {
  return (items, { key, fields }) => {
    const holders = new Map<string | number, number>();
    for (const [index, item] of items.entries()) {
      const value = of(item);
      const holder = holders.get(value);
      if (holder === undefined) {
        holders.set(value, index);
        continue;
      }
      const name = path.split(".").at(-1) ?? path;
      const allowed = `${/^[aeiou]/.test(name) ? "an" : "a"} ${name} no other ${what} has; ${key}[${holder}] has it`;
      fields.report(`${key}[${index}].${path}`, `received ${JSON.stringify(value)}, allowed: ${allowed}`);
    }
  };
}
