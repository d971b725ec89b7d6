/** `selvage tokens`: who may use the REST API, and which nodes may connect. */
import { Argument, Option } from "commander";
import type { TokenRole } from "../../api.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addTokens: AddCommand = (program, open) => {
  const tokens = program
    .command("tokens")
    .description("list, create or delete API and node tokens")
    .addHelpText("after", examples("tokens list", "tokens create ci --role publisher", "tokens delete ID"));

  tokens
    .command("list", { isDefault: true })
    .description("list tokens (never their values)")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listTokens();
      const rows = list.map(({ id, name, role, createdAt }) => [id, name, role, createdAt]);
      output.result(list, textTable(["ID", "NAME", "ROLE", "CREATED"], { rows, empty: "no tokens" }));
    });

  tokens
    .command("create")
    .description("create a token; this is the only time it is shown")
    .addArgument(new Argument("<name>", "what it is for"))
    .addOption(
      new Option("--role <role>", "what it allows").choices(["admin", "publisher", "node"]).makeOptionMandatory(),
    )
    .action(async (name: string, { role }: { role: TokenRole }, command) => {
      const { client, output } = open(command);
      const created = await (await client()).createToken({ name, role });
      output.note(`token ${created.id} (${role}), shown only now:`);
      output.result(created, created.token);
    });

  tokens
    .command("delete")
    .description("delete a token at once")
    .argument("<id>", "id of the token")
    .action(async (id: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteToken(id);
      output.result({ deleted: id }, `deleted token ${id}`);
    });
};
