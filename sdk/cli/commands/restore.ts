/** `selvage restore`: puts a backup in the place of a control plane's store on this machine. Its flags are the control plane's. */
import { restoreProgram } from "../processes/program-files.ts";
import { runProgram } from "../processes/run-program.ts";
import { examples, type AddCommand } from "../session.ts";

export const addRestore: AddCommand = (program, open) => {
  program
    .command("restore")
    .description("put a backup in the place of the store on this machine, while no control plane runs on it")
    .allowUnknownOption()
    .allowExcessArguments()
    .argument("<file>", "a backup: of selvage backup, or an hourly one with its folder blobs beside it")
    .argument("[flags...]", "settings of the control plane, for example --data DIR, --config FILE")
    .addHelpText(
      "after",
      examples(
        "restore monday.backup --data /var/lib/selvage/control-plane",
        "restore monday.backup --config selvage.yaml",
      ),
    )
    .action(async (file: string, flags: readonly string[], _options, command) => {
      const { context } = open(command);
      await runProgram({ name: "restore", program: restoreProgram, flags: [file, ...flags], environment: {} }, context);
    });
};
