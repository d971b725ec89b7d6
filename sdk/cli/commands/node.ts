/** `selvage node`: runs an edge node in the foreground. Its flags are its own and are passed on. */
import { examples, type AddCommand } from "../session.ts";
import { nodeProgram } from "../processes/program-files.ts";
import { runProgram } from "../processes/run-program.ts";

export const addNode: AddCommand = (program, open) => {
  program
    .command("node")
    .description("run an edge node (--help lists its settings)")
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument("[flags...]", "settings, for example --control URL, --token T, --data DIR, --port 8080")
    .addHelpText(
      "after",
      examples("node --control https://control.example.com --token-file node-token", "node --config node.yaml"),
    )
    .action(async (flags: readonly string[], _options, command) => {
      const { context, globals } = open(command);
      // As a variable, because other users see a process's flags.
      const environment = globals.token === undefined ? {} : { SELVAGE_NODE_TOKEN: globals.token };
      await runProgram({ name: "node", program: nodeProgram, flags, environment }, context);
    });
};
