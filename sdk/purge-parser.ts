/**
 * Turns untrusted input into what shall be purged or preheated, or into everything that is wrong with it.
 *
 * Whether a domain is configured is the store's to know: the caller gives `findDomain`, which is asked for every host name that is well-formed.
 * Every URL comes out as the URL standard writes it, without fragment; nodes bring its path to their canonical form.
 */
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { domainPatternText, isDomainPattern } from "./host-name.ts";
import { purgeLimits } from "./cdn-limits.ts";
import { messageLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";
import type { PurgeMode, PurgeTarget, PurgeType } from "./purge.ts";

export interface PurgeRequest {
  readonly mode: PurgeMode;
  /** All of one kind; at least one. */
  readonly targets: readonly PurgeTarget[];
  readonly waitSeconds: number;
}

export interface PreheatRequest {
  /** Each once. */
  readonly urls: readonly string[];
  readonly waitSeconds: number;
}

export interface DomainLookup {
  /** The configured domain that serves `hostname`, or null. */
  findDomain(hostname: string): Promise<string | null>;
  isDomain(name: string): Promise<boolean>;
}

const urlText = "an absolute http or https URL of a configured domain, without user name and password";
const urlCharsMax = messageLimits.urlBytesMax;

export async function parsePurge(input: unknown, lookup: DomainLookup): Promise<Parsed<PurgeRequest>> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const type = fields.choice("type", { values: ["url", "directory", "tag", "all"] });
  const isTyped = problems.length === 0;
  const mode = fields.choice("mode", { values: ["hard", "soft"], default: "hard" });
  const waitSeconds = readWaitSeconds(fields);
  const targets = isTyped ? await readTargets(fields, { type, lookup, problems }) : [];
  // Which keys there may be is for the type to say.
  if (isTyped) fields.finish();
  const chars = targets.reduce((sum, target) => sum + targetChars(target), 0);
  if (chars > purgeLimits.taskCharsMax) {
    const message = `received ${chars} characters of targets, allowed: at most ${purgeLimits.taskCharsMax}`;
    problems.push({ path: type === "tag" ? "tags" : "urls", message });
  }
  return parsedUnless(problems, { mode, targets, waitSeconds });
}

export async function parsePreheat(input: unknown, lookup: DomainLookup): Promise<Parsed<PreheatRequest>> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const waitSeconds = readWaitSeconds(fields);
  const urls = await readUrls(fields, { itemsMax: purgeLimits.preheatUrlsMax, lookup, problems });
  fields.finish();
  return parsedUnless(problems, { urls: [...new Set(urls.map(({ url }) => url.href))], waitSeconds });
}

function readWaitSeconds(fields: FieldReader): number {
  const { waitSecondsDefault, waitSecondsMax } = purgeLimits;
  return fields.integer("waitSeconds", { min: 0, max: waitSecondsMax, default: waitSecondsDefault });
}

interface Reading {
  readonly lookup: DomainLookup;
  readonly problems: Problem[];
}

async function readTargets(
  fields: FieldReader,
  { type, lookup, problems }: Reading & { readonly type: PurgeType },
): Promise<readonly PurgeTarget[]> {
  switch (type) {
    case "url":
    case "directory": {
      const urls = await readUrls(fields, { itemsMax: purgeLimits.targetsMax, lookup, problems });
      if (type === "url") {
        return urls.map(({ domain, url }) => ({ kind: type, domain, url: `${url.pathname}${url.search}` }));
      }
      for (const { path, url } of urls) refuseDirectory(url, { path, problems });
      return urls.map(({ domain, url }) => ({ kind: type, domain, path: url.pathname }));
    }
    case "tag": {
      const domain = await readDomain(fields, lookup);
      const tags = fields.items("tags", { itemsMax: purgeLimits.targetsMax });
      if (tags.length === 0) fields.report("tags", `is required, allowed: 1..${purgeLimits.targetsMax} tags`);
      return tags.map(({ path, input }) => ({ kind: type, domain, tag: readTag(input, { path, problems }) }));
    }
    case "all":
      return [{ kind: type, domain: await readDomain(fields, lookup) }];
  }
}

interface ReadUrl {
  readonly path: string;
  readonly domain: string;
  readonly url: URL;
}

async function readUrls(
  fields: FieldReader,
  { itemsMax, lookup, problems }: Reading & { readonly itemsMax: number },
): Promise<readonly ReadUrl[]> {
  const items = fields.items("urls", { itemsMax });
  if (items.length === 0) fields.report("urls", `is required, allowed: 1..${itemsMax} URLs`);
  const read: ReadUrl[] = [];
  for (const { path, input } of items) {
    const url = typeof input === "string" && input.length <= urlCharsMax ? URL.parse(input) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
      problems.push({ path, message: `received ${showValue(input)}, allowed: ${urlText}` });
      continue;
    }
    url.hash = "";
    const hostname = url.hostname.replace(/\.$/, "");
    const domain = await lookup.findDomain(hostname);
    if (domain !== null) read.push({ path, domain, url });
    else problems.push({ path, message: `received ${showValue(input)}, but no domain serves ${showValue(hostname)}` });
  }
  return read;
}

function refuseDirectory(url: URL, { path, problems }: { readonly path: string; readonly problems: Problem[] }): void {
  const { directoryCharsMax } = purgeLimits;
  if (url.pathname.endsWith("/") && url.search === "" && url.pathname.length <= directoryCharsMax) return;
  const allowed = `a URL that ends with "/", without query, its path of at most ${directoryCharsMax} characters`;
  problems.push({ path, message: `received ${showValue(url.href)}, allowed: ${allowed}` });
}

/** As tags stand in an answer's header: visible ASCII without the comma that separates them. */
function readTag(input: unknown, { path, problems }: { readonly path: string; readonly problems: Problem[] }): string {
  const { tagCharsMax } = purgeLimits;
  if (typeof input === "string" && input.length <= tagCharsMax && /^[\x21-\x2b\x2d-\x7e]+$/.test(input)) return input;
  const allowed = `1..${tagCharsMax} characters of visible ASCII without space and comma`;
  problems.push({ path, message: `received ${showValue(input)}, allowed: ${allowed}` });
  return "";
}

async function readDomain(fields: FieldReader, lookup: DomainLookup): Promise<string | null> {
  const name = fields.optionalString("domain", {
    check: (text) => (isDomainPattern(text) ? null : domainPatternText),
  });
  if (name === undefined) return null;
  if (name !== "" && !(await lookup.isDomain(name))) {
    fields.report("domain", `received ${showValue(name)}, allowed: a configured domain, or none for all domains`);
  }
  return name;
}

function targetChars(target: PurgeTarget): number {
  switch (target.kind) {
    case "url":
      return target.url.length;
    case "directory":
      return target.path.length;
    case "tag":
      return target.tag.length;
    case "all":
      return 0;
  }
}
