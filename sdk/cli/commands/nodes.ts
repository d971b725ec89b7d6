/** `selvage nodes`: the fleet. */
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addNodes: AddCommand = (program, open) => {
  const nodes = program
    .command("nodes")
    .description("list nodes, or forget one")
    .addHelpText("after", examples("nodes", "nodes list --json", "nodes delete edge-7"));

  nodes
    .command("list", { isDefault: true })
    .description("list all nodes and the revision each serves")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listNodes();
      const rows = list.map((node) => [
        node.name,
        node.connected ? "yes" : "no",
        String(node.revision),
        node.lastSeenAt,
        node.driver,
        node.selvageVersion,
        node.nodeVersion,
      ]);
      const header = ["NODE", "CONNECTED", "REVISION", "LAST SEEN", "DRIVER", "SELVAGE", "NODE.JS"];
      output.result(list, textTable(header, { rows, empty: "no nodes: selvage node --control URL" }));
    });

  nodes
    .command("delete")
    .description("forget a node that is gone")
    .argument("<node>", "name of the node")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteNode(name);
      output.result({ deleted: name }, `deleted node ${name}`);
    });
};
