/** `selvage login`: stores URL and token for this user, after the control plane accepted them. */
import { SelvageClient } from "../../client.ts";
import { findCredentials, storeCredentials } from "../credentials.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import { examples, type AddCommand } from "../session.ts";

export const addLogin: AddCommand = (program, open) => {
  program
    .command("login")
    .description("store URL and token (from --token, SELVAGE_TOKEN or standard input), readable by you only")
    .addHelpText(
      "after",
      examples(
        "login --url https://control.example.com < token.txt",
        "login --url http://127.0.0.1:8700 --token TOKEN",
      ),
    )
    .action(async (_options, command) => {
      const { context, output, globals } = open(command);
      const { url } = await findCredentials(context, { ...globals, token: "" });
      const token = (globals.token ?? (context.environment["SELVAGE_TOKEN"] || (await context.readStdin()))).trim();
      if (token === "") throw new CliError(exitCodes.usage, "no token: use --token, SELVAGE_TOKEN or standard input");
      await new SelvageClient({ url, token, fetch: context.fetch }).listFunctions();
      const path = await storeCredentials(context, { url, token });
      output.result({ url, path }, `stored the token for ${url} in ${path}`);
    });
};
