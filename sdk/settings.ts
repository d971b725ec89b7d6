/**
 * Settings of a process as data: definitions in, one frozen object or every problem out.
 *
 * Precedence: flag, environment variable, configuration file, default. An empty environment variable counts as not set.
 * Knows no process, file or particular setting. Invariant: unknown file keys and flags are problems, all problems are
 * reported together, and a secret's value is never in one.
 */
import type { Parsed, Problem } from "./problem.ts";

interface SettingBase {
  /** Key in the configuration file and in the parsed object. */
  readonly key: string;
  /** Environment variable, for example `SELVAGE_PORT`. */
  readonly environment: string;
  /** Flag without the two dashes, for example `port`. */
  readonly flag: string;
  /** One sentence for `--help`. */
  readonly description: string;
  /** The value is never shown in a problem. */
  readonly secret?: true;
}

/** Either a default (null: the setting may be absent) or required. */
type Presence<T> =
  { readonly default: T | null; readonly required?: never } | { readonly required: true; readonly default?: never };

export type StringSetting = SettingBase &
  Presence<string> & {
    readonly kind: "string";
    /** What is allowed; `text` completes "allowed: …". Default: anything but the empty string. */
    readonly allowed?: { readonly pattern: RegExp; readonly text: string };
  };

/** Both ends of `min`..`max` included. */
export type IntegerSetting = SettingBase &
  Presence<number> & { readonly kind: "integer"; readonly min: number; readonly max: number };

/** In a file an array of strings; in a flag or variable separated by commas. */
export type ListSetting = SettingBase &
  Presence<readonly string[]> & { readonly kind: "list"; readonly itemsMax: number };

export type ChoiceSetting = SettingBase &
  Presence<string> & { readonly kind: "choice"; readonly values: readonly string[] };

/** In a file true or false; elsewhere `true`, `false`, `1`, `0`, `on`, `off`, `yes`, `no`. */
export type BooleanSetting = SettingBase & Presence<boolean> & { readonly kind: "boolean" };

export type Setting = StringSetting | IntegerSetting | ListSetting | ChoiceSetting | BooleanSetting;

type BareValue<S extends Setting> = S extends { kind: "choice"; values: readonly (infer V extends string)[] }
  ? V
  : S extends { kind: "string" }
    ? string
    : S extends { kind: "integer" }
      ? number
      : S extends { kind: "list" }
        ? readonly string[]
        : boolean;

type SettingValue<S extends Setting> = S extends { default: null } ? BareValue<S> | null : BareValue<S>;

/** The parsed object of a list of definitions: one property per key. */
export type Settings<D extends readonly Setting[]> = { readonly [S in D[number] as S["key"]]: SettingValue<S> };

export interface SettingSources {
  /** The file's section, parsed; undefined when there is none. */
  readonly file: unknown;
  /** Name of the section, the start of problem paths. */
  readonly section?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By flag name without dashes. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

/** The settings, frozen, or every problem. Pass the definitions `as const` to get exact types. */
export function parseSettings<const D extends readonly Setting[]>(
  definitions: D,
  sources: SettingSources,
): Parsed<Settings<D>> {
  const problems: Problem[] = [];
  const file = readSection(definitions, sources, problems);
  reportUnknownFlags(definitions, sources, problems);
  const values: Record<string, unknown> = {};
  for (const definition of definitions) {
    const found = findInput(definition, sources, file);
    if (found === undefined) {
      if (definition.required) problems.push(missing(definition, sources));
      else values[definition.key] = definition.default;
      continue;
    }
    const read = readValue(definition, found.input);
    if (read.ok) values[definition.key] = read.value;
    else problems.push({ path: found.path, message: describeRefusal(definition, found.input, read.allowed) });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: Object.freeze(values) as Settings<D> };
}

interface Input {
  readonly path: string;
  readonly input: unknown;
}

type ReadResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly allowed: string };

function readSection(
  definitions: readonly Setting[],
  sources: SettingSources,
  problems: Problem[],
): ReadonlyMap<string, unknown> {
  const { file } = sources;
  if (file === undefined || file === null) return new Map();
  if (typeof file !== "object" || Array.isArray(file)) {
    problems.push({
      path: sources.section ?? "file",
      message: `received ${show(file)}, allowed: an object of settings`,
    });
    return new Map();
  }
  const known = new Set(definitions.map((definition) => definition.key));
  const entries = Object.entries(file);
  for (const [key] of entries) {
    if (known.has(key)) continue;
    problems.push({ path: filePath(key, sources), message: `is not a setting, allowed: ${[...known].join(", ")}` });
  }
  return new Map(entries);
}

function reportUnknownFlags(definitions: readonly Setting[], sources: SettingSources, problems: Problem[]): void {
  const known = new Set(definitions.map((definition) => definition.flag));
  for (const [flag, value] of Object.entries(sources.flags)) {
    if (value === undefined || known.has(flag)) continue;
    const allowed = [...known].map((name) => `--${name}`).join(", ");
    problems.push({ path: `--${flag}`, message: `is not a flag, allowed: ${allowed}` });
  }
}

function findInput(
  definition: Setting,
  sources: SettingSources,
  file: ReadonlyMap<string, unknown>,
): Input | undefined {
  const flag = sources.flags[definition.flag];
  if (flag !== undefined) return { path: `--${definition.flag}`, input: flag };
  const variable = sources.environment[definition.environment];
  if (variable !== undefined && variable !== "") return { path: definition.environment, input: variable };
  const value = file.get(definition.key);
  if (value !== undefined && value !== null) return { path: filePath(definition.key, sources), input: value };
  return undefined;
}

function filePath(key: string, sources: SettingSources): string {
  return sources.section === undefined ? key : `${sources.section}.${key}`;
}

function missing(definition: Setting, sources: SettingSources): Problem {
  return {
    path: filePath(definition.key, sources),
    message: `is required: set it in the configuration file, by ${definition.environment} or by --${definition.flag}`,
  };
}

function describeRefusal(definition: Setting, input: unknown, allowed: string): string {
  return `received ${definition.secret ? "(not shown)" : show(input)}, allowed: ${allowed}`;
}

function show(input: unknown): string {
  return JSON.stringify(input).slice(0, 200);
}

function readValue(definition: Setting, input: unknown): ReadResult {
  switch (definition.kind) {
    case "string":
      return readString(definition, input);
    case "integer":
      return readInteger(definition, input);
    case "list":
      return readList(definition, input);
    case "choice":
      return readChoice(definition, input);
    case "boolean":
      return readBoolean(input);
  }
}

function readString(definition: StringSetting, input: unknown): ReadResult {
  const { allowed = { pattern: /[^]/, text: "a string that is not empty" } } = definition;
  if (typeof input !== "string" || !allowed.pattern.test(input)) return { ok: false, allowed: allowed.text };
  return { ok: true, value: input };
}

function readInteger({ min, max }: IntegerSetting, input: unknown): ReadResult {
  const number = typeof input === "string" && /^-?\d{1,16}$/.test(input) ? Number(input) : input;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < min || number > max) {
    return { ok: false, allowed: `an integer ${min}..${max}` };
  }
  return { ok: true, value: number };
}

function readList({ itemsMax }: ListSetting, input: unknown): ReadResult {
  const items: unknown = typeof input === "string" ? input.split(",").map((item) => item.trim()) : input;
  const isList =
    Array.isArray(items) && items.length <= itemsMax && items.every((item) => typeof item === "string" && item !== "");
  if (!isList) return { ok: false, allowed: `a list of at most ${itemsMax} strings, none empty` };
  return { ok: true, value: Object.freeze([...items]) };
}

function readChoice({ values }: ChoiceSetting, input: unknown): ReadResult {
  if (typeof input !== "string" || !values.includes(input)) return { ok: false, allowed: values.join(", ") };
  return { ok: true, value: input };
}

const TRUE_WORDS: readonly unknown[] = [true, "true", "1", "on", "yes"];
const FALSE_WORDS: readonly unknown[] = [false, "false", "0", "off", "no"];

function readBoolean(input: unknown): ReadResult {
  if (TRUE_WORDS.includes(input)) return { ok: true, value: true };
  if (FALSE_WORDS.includes(input)) return { ok: true, value: false };
  return { ok: false, allowed: "true or false" };
}
