/**
 * The command line tool as a function: arguments and a context in, an exit code out.
 *
 * Knows every command and nothing of what they do. Invariant: it never ends the process and lets no error pass: each is told
 * once, on stderr or as JSON, and becomes an exit code.
 */
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import type { CliContext } from "./cli-context.ts";
import { addAlias } from "./commands/alias.ts";
import { addCalls } from "./commands/calls.ts";
import { addAudit } from "./commands/audit.ts";
import { addBackup } from "./commands/backup.ts";
import { addCache } from "./commands/cache.ts";
import { addCertificates } from "./commands/certificates.ts";
import { addControlPlane } from "./commands/control-plane.ts";
import { addDependencies } from "./commands/dependencies.ts";
import { addDev } from "./commands/dev.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDomains } from "./commands/domains.ts";
import { addEnv } from "./commands/env.ts";
import { addFunctions } from "./commands/functions.ts";
import { addInit } from "./commands/init.ts";
import { addInvoke } from "./commands/invoke.ts";
import { addLogin } from "./commands/login.ts";
import { addLogs } from "./commands/logs.ts";
import { addNode } from "./commands/node.ts";
import { addNodes } from "./commands/nodes.ts";
import { addPreheat } from "./commands/preheat.ts";
import { addPublish } from "./commands/publish.ts";
import { addPurge } from "./commands/purge.ts";
import { addQuotas } from "./commands/quotas.ts";
import { addReserved } from "./commands/reserved.ts";
import { addRestore } from "./commands/restore.ts";
import { addRollback } from "./commands/rollback.ts";
import { addRollout } from "./commands/rollout.ts";
import { addRules } from "./commands/rules.ts";
import { addStart } from "./commands/start.ts";
import { addTokens } from "./commands/tokens.ts";
import { addTop } from "./commands/top.ts";
import { addVersions } from "./commands/versions.ts";
import { exitCodeOf, exitCodes, ToldFailure, type ExitCode } from "./exit-code.ts";
import { Output } from "./output.ts";
import { openSession, type AddCommand } from "./session.ts";

const COMMANDS: readonly AddCommand[] = [
  addInit,
  addDev,
  addPublish,
  addFunctions,
  addVersions,
  addAlias,
  addRollback,
  addRollout,
  addEnv,
  addRules,
  addDomains,
  addCertificates,
  addPurge,
  addPreheat,
  addCache,
  addInvoke,
  addCalls,
  addLogs,
  addTop,
  addReserved,
  addNodes,
  addTokens,
  addQuotas,
  addAudit,
  addBackup,
  addRestore,
  addLogin,
  addDoctor,
  addStart,
  addControlPlane,
  addNode,
  addDependencies,
];

const EXIT_CODE_TEXT = `
Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 input refused, 4 control plane not reachable, 5 not authorised
`;

/** Runs one command. `words` are the arguments without program and script. */
export async function runCli(words: readonly string[], context: CliContext): Promise<ExitCode> {
  const program = createProgram(context);
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return tellUsage(error, { words, context });
    const output = new Output(context, { json: words.includes("--json") });
    if (!(error instanceof ToldFailure && output.json)) output.error(error);
    return exitCodeOf(error);
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command("selvage")
    .description("Selvage: a programmable CDN you run yourself")
    .version(packageJson.version)
    .option("--url <url>", "control plane (SELVAGE_URL; default http://127.0.0.1:8700)")
    .option("--token <token>", "API token (SELVAGE_TOKEN; better than a flag)")
    .option("--json", "print one JSON value and nothing else")
    .addHelpText("after", EXIT_CODE_TEXT)
    .showHelpAfterError("(selvage --help shows what there is)");
  for (const add of COMMANDS) add(program, (command) => openSession(context, command));
  configure(program, context);
  return program;
}

/** Sub-commands copy these settings when they are made, before the program had them: so all are visited. */
function configure(command: Command, context: CliContext): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      context.stdout.write(text);
    },
    writeErr: (text) => {
      context.stderr.write(text);
    },
  });
  for (const child of command.commands) configure(child, context);
}

/** Commander told people already; help and version are no errors. */
function tellUsage(
  error: CommanderError,
  { words, context }: { readonly words: readonly string[]; readonly context: CliContext },
): ExitCode {
  if (error.exitCode === 0) return exitCodes.ok;
  if (words.includes("--json")) new Output(context, { json: true }).error(new Error(error.message));
  return exitCodes.usage;
}
