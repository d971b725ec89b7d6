/** Reads what makes a module an event function from untrusted input, and writes it as its author would. Pure. */
import { memorySizesMax } from "./instance-limits.ts";
import { fileOf, type EventSettings } from "./event-settings.ts";
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { functionLimitRanges } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

const handlerPattern = /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}\.[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;

/** Why `handler` cannot be one, completing "allowed: …", or null. */
export function refuseHandler(handler: string): string | null {
  if (handlerPattern.test(handler) && !handler.includes("..")) return null;
  return "the entry's name without its extension, a dot and an export, such as index.handler, at most 257 characters";
}

/** Absent and null: no event function. Problem paths start with `event`. */
export function parseEventSettings(input: unknown): Parsed<EventSettings | null> {
  if (input === undefined || input === null) return { ok: true, value: null };
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "event", problems });
  const settings: EventSettings = {
    handler: fields.string("handler", { default: "index.handler", check: refuseHandler }),
    initializer: fields.optionalString("initializer", { check: refuseHandler }) ?? null,
    restore: fields.optionalString("restore", { check: refuseHandler }) ?? null,
    heartbeat: fields.optionalString("heartbeat", { check: refuseHandler }) ?? null,
    parameters: fields.choice("parameters", { values: ["strict", "any"], default: "strict" }),
    memorySizesMiB: readMemorySizes(fields.raw("memorySizesMiB"), fields),
  };
  fields.finish();
  for (const key of ["initializer", "restore", "heartbeat"] as const) {
    const named = settings[key];
    if (named === null || fileOf(named) === fileOf(settings.handler)) continue;
    fields.report(key, `names another file than the handler, ${fileOf(settings.handler)}`);
  }
  return parsedUnless(problems, settings);
}

function readMemorySizes(input: unknown, fields: FieldReader): readonly number[] {
  if (input === undefined) return [];
  const { min, max } = functionLimitRanges.memoryMiB;
  const sizes: readonly unknown[] = Array.isArray(input) ? input : [];
  const areSizes = sizes.every(
    (size): size is number => Number.isSafeInteger(size) && Number(size) >= min && Number(size) <= max,
  );
  if (Array.isArray(input) && areSizes && sizes.length <= memorySizesMax) {
    return [...new Set(sizes)].sort((a, b) => a - b);
  }
  fields.report(
    "memorySizesMiB",
    `received ${showValue(input)}, allowed: at most ${memorySizesMax} integers ${min}..${max}`,
  );
  return [];
}

/** As an author would write them: without what is the default. */
export function writtenEventSettings(settings: EventSettings): Partial<EventSettings> {
  const { handler, initializer, restore, heartbeat, parameters, memorySizesMiB } = settings;
  return {
    handler,
    ...(initializer === null ? {} : { initializer }),
    ...(restore === null ? {} : { restore }),
    ...(heartbeat === null ? {} : { heartbeat }),
    ...(parameters === "strict" ? {} : { parameters }),
    ...(memorySizesMiB.length === 0 ? {} : { memorySizesMiB }),
  };
}
