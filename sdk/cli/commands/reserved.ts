/** `selvage reserved`: instances that nodes keep started whether or not anybody asks for them. */
import type { Command } from "commander";
import { SelvageApiError } from "../../api-error.ts";
import type { SelvageClient } from "../../client.ts";
import type { ReservedTarget } from "../../client/reserved-client.ts";
import { parseReservedConfig } from "../../reserved-parser.ts";
import type { ReservedInput, ReservedResource } from "../../reserved.ts";
import { refusal } from "../exit-code.ts";
import { examples, type AddCommand, type OpenSession } from "../session.ts";
import { textTable } from "../text-table.ts";

interface SetOptions {
  readonly qualifier?: string;
  readonly count?: string;
  readonly schedule?: readonly string[];
  readonly metric?: string;
  readonly recommend?: string;
  readonly idleMode?: "on" | "off";
}

export const addReserved: AddCommand = (program, open) => {
  const reserved = program
    .command("reserved")
    .description("list, set or unset instances that each node keeps started")
    .addHelpText(
      "after",
      examples(
        "reserved list",
        "reserved set resize --count 4",
        "reserved set resize --qualifier live --metric 60:2..16",
        "reserved set resize --recommend balanced:1..8",
        'reserved set resize --schedule "day,8,2026-12-01T00:00:00Z,2027-01-01T00:00:00Z,0 0 8 * * MON-FRI"',
        "reserved unset resize --qualifier live",
      ),
    );
  addList(reserved, open);
  addSet(reserved, open);
  reserved
    .command("unset")
    .description("reserve none any more")
    .argument("<function>", "name of the function")
    .option("--qualifier <name>", "of this alias or version; default: of latest")
    .action(async (name: string, { qualifier = "latest" }: Pick<SetOptions, "qualifier">, command) => {
      const { client, output } = open(command);
      await (await client()).reserved.delete({ function: name, qualifier });
      output.result({}, `nothing is reserved for ${name}@${qualifier} any more`);
    });
};

function addList(reserved: Command, open: OpenSession): void {
  reserved
    .command("list")
    .description("what is reserved, how many instances should run on all nodes now, and how many do")
    .argument("[function]", "name of the function; default: all")
    .action(async (name: string | undefined, _options, command) => {
      const { client, output } = open(command);
      const reservations = await (await client()).reserved.list(name);
      output.result(reservations, reservationsText(reservations));
    });
}

function addSet(reserved: Command, open: OpenSession): void {
  reserved
    .command("set")
    .description("reserve instances on each node; what is not named stays as it is")
    .argument("<function>", "name of the function")
    .option("--qualifier <name>", "of this alias or version; default: of latest")
    .option("--count <number>", "always, 0..1000")
    .option(
      "--schedule <entry>",
      "NAME,COUNT,START,EXPIRY,CRON (six fields, UTC): from each time it fires COUNT instead of --count; may be repeated, in place of all that were there; none",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option("--metric <rule>", "PERCENT:MIN..MAX: as many as are used by so much, adjusted each minute; none")
    .option("--recommend <rule>", "MODE:MIN..MAX, MODE performance, balanced or cost: by the last hour; none")
    .option(
      "--idle-mode <mode>",
      "on or off: kept for clients of FunctionGraph; idle instances cost no CPU time anyway",
    )
    .action(async (name: string, options: SetOptions, command) => {
      const { client, output } = open(command);
      const { reservation } = await setReserved(await client(), name, options);
      output.result(reservation, reservationsText([reservation]));
    });
}

async function setReserved(
  client: SelvageClient,
  name: string,
  options: SetOptions,
): Promise<Awaited<ReturnType<SelvageClient["reserved"]["set"]>>> {
  const target = { function: name, qualifier: options.qualifier ?? "latest" };
  const { count, schedules, metric, recommended, idleMode } = await currentReserved(client, target);
  const parsed = parseReservedConfig({
    count: options.count === undefined ? count : numberOf(options.count),
    schedules: options.schedule === undefined ? schedules : schedulesOf(options.schedule),
    metric: options.metric === undefined ? metric : metricOf(options.metric),
    recommended: options.recommend === undefined ? recommended : recommendedOf(options.recommend),
    idleMode: options.idleMode === undefined ? idleMode : modeOf(options.idleMode),
  });
  if (!parsed.ok) throw refusal(`Cannot reserve instances of ${name}`, parsed.problems);
  return client.reserved.set(target, parsed.value);
}

async function currentReserved(client: SelvageClient, target: ReservedTarget): Promise<ReservedInput> {
  try {
    return await client.reserved.get(target);
  } catch (error) {
    // What is wrong with the function itself is said when it is set.
    if (error instanceof SelvageApiError && error.status === 404) return {};
    throw error;
  }
}

/** A text that is no number stays one and is refused as such. */
function numberOf(text: string | undefined): unknown {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function schedulesOf(entries: readonly string[]): unknown {
  if (entries.length === 1 && entries[0] === "none") return [];
  return entries.map((entry) => {
    const [name, count, start, expiry, ...cron] = entry.split(",");
    return { name, count: numberOf(count), start, expiry, cron: cron.join(",") };
  });
}

function metricOf(rule: string): unknown {
  const { first, ...range } = ruleOf(rule);
  return rule === "none" ? null : { targetPercent: numberOf(first), ...range };
}

function recommendedOf(rule: string): unknown {
  const { first, ...range } = ruleOf(rule);
  return rule === "none" ? null : { mode: first, ...range };
}

function ruleOf(rule: string): { readonly first: string; readonly min: unknown; readonly max: unknown } {
  const [, first = rule, min, max] = /^([^:]*):(\d+)\.\.(\d+)$/.exec(rule) ?? [];
  return { first, min: numberOf(min), max: numberOf(max) };
}

function modeOf(mode: string): unknown {
  return mode === "on" ? true : mode === "off" ? false : mode;
}

function reservationsText(reservations: readonly ReservedResource[]): string {
  const rows = reservations.map((one) => [
    `${one.function}@${one.qualifier}`,
    one.version ?? "-",
    one.schedule === null ? String(one.count) : `${one.countNow} (${one.schedule})`,
    String(one.schedules.length),
    one.metric === null ? "-" : `${one.metric.targetPercent}% ${one.metric.min}..${one.metric.max}`,
    one.recommended === null ? "-" : `${one.recommended.mode} ${one.recommended.min}..${one.recommended.max}`,
    String(one.wanted),
    String(one.running),
  ]);
  const header = ["FOR", "VERSION", "COUNT NOW", "SCHEDULES", "METRIC", "RECOMMENDED", "WANTED", "RUNNING"];
  return textTable(header, { rows, empty: "nothing is reserved" });
}
