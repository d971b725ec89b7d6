/** Reads what makes a module an event function from untrusted input, and writes it as its author would. Pure. */
import { fileOf, type EventSettings } from "./event-settings.ts";
import { FieldReader, parsedUnless } from "./field-reader.ts";
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
    parameters: fields.choice("parameters", { values: ["strict", "any"], default: "strict" }),
  };
  fields.finish();
  if (settings.initializer !== null && fileOf(settings.initializer) !== fileOf(settings.handler)) {
    fields.report("initializer", `names another file than the handler, ${fileOf(settings.handler)}`);
  }
  return parsedUnless(problems, settings);
}

/** As an author would write them: without what is the default. */
export function writtenEventSettings({ handler, initializer, parameters }: EventSettings): Partial<EventSettings> {
  return {
    handler,
    ...(initializer === null ? {} : { initializer }),
    ...(parameters === "strict" ? {} : { parameters }),
  };
}
