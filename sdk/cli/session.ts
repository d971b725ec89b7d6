/**
 * What one run of one command works with: its context, its output and its client.
 */
import type { Command } from "commander";
import { SelvageClient } from "../client.ts";
import type { CliContext } from "./cli-context.ts";
import { findCredentials, type Credentials } from "./credentials.ts";
import { Output } from "./output.ts";

/** The options every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export interface Session {
  readonly context: CliContext;
  readonly output: Output;
  readonly globals: GlobalOptions;
  readonly credentials: () => Promise<Credentials>;
  readonly client: () => Promise<SelvageClient>;
}

/** Opens the session of the command that is about to run. */
export type OpenSession = (command: Command) => Session;

/** Adds one command to the program. */
export type AddCommand = (program: Command, open: OpenSession) => void;

export function openSession(context: CliContext, command: Command): Session {
  const globals = command.optsWithGlobals<GlobalOptions>();
  const credentials = () => findCredentials(context, globals);
  return {
    context,
    output: new Output(context, { json: globals.json === true }),
    globals,
    credentials,
    client: async () => new SelvageClient({ ...(await credentials()), fetch: context.fetch }),
  };
}

/** Help text that shows how a command is used. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ selvage ${line}`).join("\n")}\n`;
}
