/** `selvage preheat`: connected nodes fetch URLs into their caches before clients ask. */
import type { PreheatNode, PreheatResource } from "../../purge.ts";
import { ToldFailure } from "../exit-code.ts";
import { parseWait } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addPreheat: AddCommand = (program, open) => {
  program
    .command("preheat")
    .description("let connected nodes fetch URLs into their caches; exit code 1 when one failed or did not end in time")
    .argument("<url...>", "URLs as clients ask for them; https and http are different things here")
    .option("--wait <seconds>", "wait 0..30 s for the nodes", parseWait)
    .addHelpText("after", examples("preheat https://www.example.com/ https://www.example.com/logo.png --wait 30s"))
    .action(async (urls: readonly string[], { wait }: { readonly wait?: number }, command) => {
      const { client, output } = open(command);
      const progress = output.progress("waiting for nodes");
      try {
        const input = { urls, ...(wait === undefined ? {} : { waitSeconds: wait }) };
        const preheat = await (await client()).preheat(input);
        progress.stop();
        output.result(preheat, preheatText(preheat));
        if (wait !== 0 && !isGood(preheat)) throw new ToldFailure("not every node has every URL");
      } finally {
        progress.stop();
      }
    });
};

function isGood({ nodes }: PreheatResource): boolean {
  return nodes.every(({ state, results }) => state === "done" && results.every(({ status }) => isSuccess(status)));
}

function isSuccess(status: number): boolean {
  return status > 0 && status < 400;
}

function preheatText(preheat: PreheatResource): string {
  const rows = preheat.nodes.flatMap((node) => nodeRows(node, preheat.urls));
  const header = ["NODE", "URL", "STATUS", "BYTES", "TIME", "CACHE"];
  const time = preheat.completeMs === null ? "so far" : `in ${preheat.completeMs} ms`;
  const table = textTable(header, { rows, empty: "" });
  return `${table}\npreheated on ${preheat.nodesDone} of ${preheat.nodes.length} nodes ${time}`;
}

function nodeRows({ node, state, results }: PreheatNode, urls: readonly string[]): readonly (readonly string[])[] {
  if (state !== "done") return urls.map((url) => [node, url, state, "", "", ""]);
  return results.map(({ url, status, bytes, ms, cacheStatus }) => [
    node,
    url,
    status === 0 ? "no answer" : String(status),
    String(bytes),
    `${Math.round(ms)} ms`,
    cacheStatus,
  ]);
}
