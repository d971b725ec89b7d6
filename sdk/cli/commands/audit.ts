/** `selvage audit`: who changed what. */
import { InvalidArgumentError, Option } from "commander";
import { auditLevels, auditOutcomes, type AuditFilter } from "../../audit.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

interface AuditOptions extends Omit<AuditFilter, "from" | "to"> {
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly before?: number;
  readonly csv?: boolean;
}

export const addAudit: AddCommand = (program, open) => {
  program
    .command("audit")
    .description("who changed what, newest first (administrators)")
    .option("--since <time>", "not before: 2026-01-31, 2026-01-31T08:00:00Z, or an age: 90m, 24h, 7d")
    .option("--until <time>", "before that time")
    .option("--actor <name>", "name of a token")
    .option("--action <action>", "for example publishFunctionVersion")
    .option("--resource <path>", "this and what belongs to it, for example function/hello")
    .addOption(new Option("--level <level>", "only of this level").choices(auditLevels))
    .addOption(new Option("--outcome <outcome>", "only with this outcome").choices(auditOutcomes))
    .option("--limit <count>", "records to show", parseCount, 50)
    .option("--before <sequence>", "those before this number, for the next page", parseSequence)
    .option("--csv", "print all that match as CSV, safe for spreadsheets")
    .addHelpText(
      "after",
      examples("audit --since 24h", "audit --resource function/hello", "audit --level warning --csv > audit.csv"),
    )
    .action(async (options: AuditOptions, command) => {
      const { client, output, context } = open(command);
      const { since, until, limit, before, csv, actor, action, resource, level, outcome } = options;
      const filter: AuditFilter = {
        ...(since === undefined ? {} : { from: readTime(since, context.nowMs()) }),
        ...(until === undefined ? {} : { to: readTime(until, context.nowMs()) }),
        ...(actor === undefined ? {} : { actor }),
        ...(action === undefined ? {} : { action }),
        ...(resource === undefined ? {} : { resource }),
        ...(level === undefined ? {} : { level }),
        ...(outcome === undefined ? {} : { outcome }),
      };
      if (csv === true) {
        const decoder = new TextDecoder();
        for await (const bytes of (await client()).exportAudit(filter)) {
          context.stdout.write(decoder.decode(bytes, { stream: true }));
        }
        return;
      }
      const page = await (await client()).listAudit(filter, { limit, ...(before === undefined ? {} : { before }) });
      const rows = page.records.map((record) => [
        record.time,
        record.actor,
        record.action,
        record.resource,
        record.detail,
        record.level,
        record.code ?? record.outcome,
      ]);
      const header = ["TIME", "ACTOR", "ACTION", "RESOURCE", "DETAIL", "LEVEL", "OUTCOME"];
      output.result(page, textTable(header, { rows, empty: "no audit records" }));
      if (page.next !== null) output.note(`more with --before ${String(page.next)}`);
    });
};

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function readTime(text: string, nowMs: number): string {
  const [, count = "", unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const timeMs = count === "" ? Date.parse(text) : nowMs - Number(count) * (unitsMs[unit] ?? 0);
  if (Number.isFinite(timeMs)) return new Date(timeMs).toISOString();
  throw new InvalidArgumentError(`received ${text}, allowed: a time, or an age as 90m, 24h or 7d.`);
}

function parseCount(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1_000) return Number(text);
  throw new InvalidArgumentError(`received ${text}, allowed: an integer 1..1000.`);
}

function parseSequence(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`received ${text}, allowed: the number of a record.`);
}
