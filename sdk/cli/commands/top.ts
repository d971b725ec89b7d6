/** `selvage top`: what functions do at the moment, over all nodes, redrawn every second on a terminal. */
import { Option } from "commander";
import type { FunctionStatistics, ReservedGauge, StatisticsPage } from "../../statistics.ts";
import { parseLimit } from "../option-values.ts";
import { pause } from "../../client/pause.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

interface TopOptions {
  readonly function?: string;
  readonly sort: SortKey;
  readonly limit: number;
  readonly seconds: "5" | "10" | "30" | "60";
  readonly once?: true;
}

const sortKeys = ["rate", "errors", "p99", "instances"] as const;
type SortKey = (typeof sortKeys)[number];

const valueOf: Readonly<Record<SortKey, (row: FunctionStatistics) => number>> = {
  rate: ({ perSecond }) => perSecond,
  errors: ({ errors, rejected }) => errors + rejected,
  p99: ({ p99Ms }) => p99Ms ?? 0,
  instances: ({ instances }) => instances,
};

const REDRAW_MS = 1_000;
/** Home, clear to the end of the screen. */
const REDRAW = "\u001b[H\u001b[J";

export const addTop: AddCommand = (program, open) => {
  program
    .command("top")
    .description("show what functions do: rate, errors, latency, instances; on a terminal again every second")
    .option("--function <name>", "only this function")
    .addOption(new Option("--sort <column>", "largest first").choices(sortKeys).default("rate"))
    .option("--limit <number>", "rows, 1..10000", parseLimit, 20)
    .addOption(new Option("--seconds <number>", "time looked back").choices(["5", "10", "30", "60"]).default("10"))
    .option("--once", "print once")
    .addHelpText("after", examples("top", "top --sort p99 --limit 5", "top --once --json"))
    .action(async (options: TopOptions, command) => {
      const { client, output, context } = open(command);
      const api = await client();
      const look = (): Promise<StatisticsPage> =>
        api.rollouts.statistics({ seconds: Number(options.seconds), function: options.function });
      if (options.once === true || !context.stdout.isTerminal || output.json) {
        const page = await look();
        output.result(page, pageText(page, options));
        return;
      }
      while (!context.stop.aborted) {
        const text = pageText(await look(), options);
        const title = `${options.seconds} s, sorted by ${options.sort}; Ctrl-C ends`;
        context.stdout.write(`${REDRAW}${output.colors.dim(title)}\n${text}\n`);
        await pause(REDRAW_MS, context.stop);
      }
    });
};

function pageText({ functions }: StatisticsPage, { limit, sort }: TopOptions): string {
  const value = valueOf[sort];
  const sorted = functions.toSorted((a, b) => value(b) - value(a)).slice(0, limit);
  const header = [
    "FUNCTION",
    "VERSION",
    "PER S",
    "ERRORS",
    "REJECTED",
    "P50 MS",
    "P99 MS",
    "ACTIVE",
    "QUEUED",
    "INST",
    "RESERVED",
    "NODES",
  ];
  return textTable(header, { rows: sorted.map(rowText), empty: "no function runs" });
}

function rowText(row: FunctionStatistics): readonly string[] {
  const { invocations, errors } = row;
  const share = invocations === 0 ? "0" : `${errors} (${((errors / invocations) * 100).toPrecision(2)}%)`;
  return [
    row.function,
    row.version,
    String(row.perSecond),
    errors === 0 ? "0" : share,
    String(row.rejected),
    String(row.p50Ms ?? "-"),
    String(row.p99Ms ?? "-"),
    String(row.active),
    String(row.queued),
    String(row.instances),
    reservedText(row.reserved),
    String(row.nodes),
  ];
}

function reservedText({ running, wanted }: ReservedGauge): string {
  if (wanted + running === 0) return "-";
  return running === wanted ? String(running) : `${running} of ${wanted}`;
}
