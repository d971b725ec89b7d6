/** `selvage control-plane`: runs the control plane in the foreground. Its flags are its own and are passed on. */
import { examples, type AddCommand } from "../session.ts";
import { runProgram } from "../processes/run-program.ts";
import { controlPlaneProgram } from "../processes/program-files.ts";

export const addControlPlane: AddCommand = (program, open) => {
  program
    .command("control-plane")
    .description("run the control plane (--help lists its settings)")
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument("[flags...]", "settings, for example --config FILE, --data DIR, --port 8700")
    .addHelpText(
      "after",
      examples("control-plane --data /var/lib/selvage --port 8700", "control-plane --config selvage.yaml"),
    )
    .action(async (flags: readonly string[], _options, command) => {
      const { context } = open(command);
      await runProgram({ name: "control plane", program: controlPlaneProgram, flags, environment: {} }, context);
    });
};
