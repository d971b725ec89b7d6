/** `selvage functions`: lists and deletes functions; publishing creates them. */
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addFunctions: AddCommand = (program, open) => {
  const functions = program
    .command("functions")
    .description("list or delete functions")
    .addHelpText("after", examples("functions list", "functions delete hello"));

  functions
    .command("list", { isDefault: true })
    .description("list all functions")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listFunctions();
      const rows = list.map(({ name, latest, aliases, enabled, description }) => [
        name,
        latest ?? "-",
        aliases.map((alias) => `${alias.name}=${alias.version}`).join(","),
        enabled ? "yes" : "no",
        description,
      ]);
      const header = ["FUNCTION", "LATEST", "ALIASES", "ENABLED", "DESCRIPTION"];
      output.result(list, textTable(header, { rows, empty: "no functions yet: selvage publish" }));
    });

  functions
    .command("delete")
    .description("delete a function with all its versions")
    .argument("<function>", "name of the function")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteFunction(name);
      output.result({ deleted: name }, `deleted function ${name}`);
    });
};
