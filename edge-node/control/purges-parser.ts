/**
 * Purges and preheats from the control plane, and purges from the disk, as typed values.
 *
 * Invariant: a purge is never lost by being misunderstood. Where a message says how far it goes but not all of what it purges can be read
 * (a newer control plane may know targets that this node does not), the node purges everything.
 */
import { FieldReader, parsedUnless } from "../../sdk/field-reader.ts";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { Parsed, Problem } from "../../sdk/problem.ts";
import type { PreheatMessage, PurgePosition, PurgesMessage, PurgeTarget, PurgeTask } from "../../sdk/purge.ts";
import type { Purge } from "../cache/purge-table.ts";

const idText = (text: string): string | null => (/^[A-Za-z0-9-]{0,64}$/.test(text) ? null : "0..64 letters and digits");
const anyText = (text: string): string | null =>
  text.length <= messageLimits.urlBytesMax * 2 ? null : "a text of a URL's length";
const number = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** `input`: a `PurgesMessage`. */
export function parsePurges(input: unknown): Parsed<PurgesMessage> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const position = readPosition(fields.object("position"));
  if (problems.length > 0) return { ok: false, problems };
  const since = fields.integer("since", number);
  const everything = fields.boolean("everything", {});
  const purges = fields.items("purges", { itemsMax: purgeLimits.keptMax }).map(({ path, input: item }) => {
    return readTask(new FieldReader(item, { path, problems }), problems);
  });
  if (problems.length > 0) {
    return { ok: true, value: { kind: "purges", since: 0, position, everything: true, purges: [] } };
  }
  return { ok: true, value: { kind: "purges", since, position, everything, purges } };
}

export function parsePreheatMessage(input: unknown): Parsed<PreheatMessage> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const id = fields.string("id", { check: idText });
  const urls = fields.items("urls", { itemsMax: purgeLimits.preheatUrlsMax }).map(({ path, input: item }) => {
    if (typeof item === "string" && anyText(item) === null && URL.canParse(item)) return item;
    problems.push({ path, message: "is not a URL" });
    return "";
  });
  return parsedUnless(problems, { kind: "preheat", id, urls });
}

/** What a node keeps on its disk. */
export interface KeptPurges {
  readonly position: PurgePosition;
  readonly purges: readonly Purge[];
}

export function parseKeptPurges(input: unknown): Parsed<KeptPurges> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const position = readPosition(fields.object("position"));
  // Whole domains are counted apart from their targets, soft and hard.
  const itemsMax = 2 * (purgeLimits.tableTargetsMax + purgeLimits.tableDomainsMax + 1);
  const purges = fields.items("purges", { itemsMax }).map(({ path, input: item }) => {
    const purge = new FieldReader(item, { path, problems });
    return {
      sequence: purge.integer("sequence", number),
      mode: purge.choice("mode", { values: ["soft", "hard"] }),
      at: purge.integer("at", number),
      target: readTarget(purge.object("target")),
    };
  });
  return parsedUnless(problems, { position, purges });
}

function readPosition(fields: FieldReader): PurgePosition {
  return { sequence: fields.integer("sequence", number), id: fields.string("id", { check: idText }) };
}

function readTask(fields: FieldReader, problems: Problem[]): PurgeTask {
  return {
    sequence: fields.integer("sequence", number),
    mode: fields.choice("mode", { values: ["soft", "hard"] }),
    targets: fields
      .items("targets", { itemsMax: purgeLimits.targetsMax })
      .map(({ path, input }) => readTarget(new FieldReader(input, { path, problems }))),
  };
}

function readTarget(fields: FieldReader): PurgeTarget {
  const kind = fields.choice("kind", { values: ["url", "directory", "tag", "all"] });
  switch (kind) {
    case "url":
      return { kind, domain: readDomain(fields), url: fields.string("url", { check: anyText }) };
    case "directory":
      return { kind, domain: readDomain(fields), path: fields.string("path", { check: anyText }) };
    case "tag":
      return { kind, domain: readDomainOrNull(fields), tag: fields.string("tag", { check: anyText }) };
    case "all":
      return { kind, domain: readDomainOrNull(fields) };
  }
}

function readDomain(fields: FieldReader): string {
  return fields.string("domain", { check: (text) => (text.length <= DOMAIN_CHARS_MAX ? null : "a domain's name") });
}

function readDomainOrNull(fields: FieldReader): string | null {
  return fields.raw("domain") === null ? null : readDomain(fields);
}

const DOMAIN_CHARS_MAX = 256;
