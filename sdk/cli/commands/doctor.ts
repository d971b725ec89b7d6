/** `selvage doctor`: looks for what keeps Selvage from working here, and says what to do. Changes nothing. */
import { resolve } from "node:path";
import { runChecks, type CheckResult } from "../doctor/checks.ts";
import { ToldFailure } from "../exit-code.ts";
import { examples, type AddCommand } from "../session.ts";

export const addDoctor: AddCommand = (program, open) => {
  program
    .command("doctor")
    .description("check this machine and the control plane; exit code 1 when something fails")
    .option("--data <folder>", "data folder to check", "data")
    .addHelpText("after", examples("doctor", "doctor --url https://control.example.com --json"))
    .action(async ({ data }: { data: string }, command) => {
      const { context, output, client, credentials } = open(command);
      const progress = output.progress("checking");
      const folder = resolve(context.workingDirectory, data);
      const checks = await runChecks({
        context,
        client: await client(),
        credentials: await credentials(),
        folder,
      }).finally(() => {
        progress.stop();
      });
      const paint = { ok: output.colors.green, warn: output.colors.yellow, fail: output.colors.red };
      const lines = checks.map(({ status, name, detail }) => `${paint[status](status.padEnd(4))} ${name}: ${detail}`);
      output.result(checks, lines.join("\n"));
      if (checks.some(isFailed)) throw new ToldFailure("something has to be repaired before Selvage works here");
    });
};

function isFailed({ status }: CheckResult): boolean {
  return status === "fail";
}
