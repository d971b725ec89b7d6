/** Reads a configuration of reserved instances from untrusted input. Pure; what the version allows is the store's to know. */
import { parseCron } from "./cron.ts";
import { FieldReader, parsedUnless } from "./field-reader.ts";
import type { Parsed, Problem } from "./problem.ts";
import {
  reservedMax,
  recommendedModes,
  type ReservedConfig,
  type ReservedMetric,
  type ReservedPolicy,
  type ReservedRecommended,
  type ReservedSchedule,
} from "./reserved.ts";
import { reservedLimits } from "./reserved-limits.ts";

const { countMax, nameCharsMax, schedulesMax, targetPercent } = reservedLimits;

/** Absent keys say nothing; a configuration that asks for no instance ever is refused. */
export function parseReservedConfig(input: unknown): Parsed<ReservedConfig> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const config: ReservedConfig = { ...readPolicy(fields), idleMode: fields.boolean("idleMode", { default: false }) };
  fields.finish();
  if (problems.length === 0 && reservedMax(config) === 0) {
    fields.report("count", "asks for no instance at any time: delete the reservation instead");
  }
  return parsedUnless(problems, config);
}

/** What a node is told of one version: at most `policiesMax` of them. */
export function readReservedPolicies(fields: FieldReader, key: string): readonly ReservedPolicy[] {
  return fields.readers(key, { itemsMax: policiesMax }).map(readPolicy);
}

/** An alias each, the version itself, and `latest`. */
const policiesMax = 1_002;

function readPolicy(fields: FieldReader): ReservedPolicy {
  const schedules = fields.readers("schedules", { itemsMax: schedulesMax }).map(readSchedule);
  const names = schedules.map(({ name }) => name);
  const twice = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
  if (twice !== undefined) fields.report("schedules", `received "${twice}" twice, allowed: a name for each entry`);
  return {
    count: readCount(fields, "count", 0),
    schedules,
    metric: readMetric(fields),
    recommended: readRecommended(fields),
  };
}

function readSchedule(fields: FieldReader): ReservedSchedule {
  const schedule: ReservedSchedule = {
    name: fields.string("name", { check: refuseReservedName }),
    cron: fields.string("cron", { check: refuseCron }),
    count: readCount(fields, "count"),
    start: readTime(fields, "start"),
    expiry: readTime(fields, "expiry"),
  };
  fields.finish();
  if (schedule.start !== "" && schedule.expiry !== "" && schedule.start >= schedule.expiry) {
    fields.report("expiry", `received "${schedule.expiry}", allowed: a time after "start" (${schedule.start})`);
  }
  return schedule;
}

function readMetric(parent: FieldReader): ReservedMetric | null {
  if ((parent.raw("metric") ?? null) === null) return null;
  const fields = parent.object("metric");
  const metric = {
    name: fields.string("name", { default: "concurrency", check: refuseReservedName }),
    targetPercent: fields.integer("targetPercent", targetPercent),
    ...readRange(fields),
  };
  fields.finish();
  return metric;
}

function readRecommended(parent: FieldReader): ReservedRecommended | null {
  if ((parent.raw("recommended") ?? null) === null) return null;
  const fields = parent.object("recommended");
  const recommended = { mode: fields.choice("mode", { values: recommendedModes }), ...readRange(fields) };
  fields.finish();
  return recommended;
}

function readRange(fields: FieldReader): { readonly min: number; readonly max: number } {
  const range = { min: readCount(fields, "min", 0), max: fields.integer("max", { min: 1, max: countMax }) };
  if (range.max < range.min) fields.report("max", `received ${range.max}, allowed: at least "min" (${range.min})`);
  return range;
}

function readCount(fields: FieldReader, key: string, fallback?: number): number {
  const range = { min: 0, max: countMax };
  return fields.integer(key, fallback === undefined ? range : { ...range, default: fallback });
}

/** In one spelling, so that times compare as texts. */
function readTime(fields: FieldReader, key: string): string {
  const text = fields.string(key, { check: refuseTime });
  return text === "" ? "" : new Date(text).toISOString();
}

function refuseTime(text: string): string | null {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
  return isTime ? null : "a time in UTC such as 2026-12-01T08:00:00Z";
}

function refuseCron(text: string): string | null {
  const parsed = parseCron(text);
  return parsed.ok ? null : parsed.message;
}

/** Why `text` is not the name of an entry, completing "allowed: …", or null. */
export function refuseReservedName(text: string): string | null {
  if (text.length <= nameCharsMax && /^[A-Za-z][A-Za-z0-9_-]*$/.test(text)) return null;
  return `1..${nameCharsMax} letters, digits, "_" and "-", first a letter`;
}
