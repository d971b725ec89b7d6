/** `selvage versions`: the published versions of a function. */
import type { VersionResource } from "../../api.ts";
import { servicesText } from "../../service-target.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addVersions: AddCommand = (program, open) => {
  program
    .command("versions")
    .description("list a function's versions, newest first")
    .argument("<function>", "name of the function")
    .addHelpText("after", examples("versions hello", "versions hello --json"))
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      const versions = await (await client()).listVersions(name);
      output.result(versions, versionsText(versions));
    });
};

function versionsText(versions: readonly VersionResource[]): string {
  return textTable(["VERSION", "CREATED", "HOOKS", "SIZE", "SNAPSHOT", "ALIASES", "SERVICES", "DESCRIPTION"], {
    rows: versions.map((version) => [
      version.version,
      version.createdAt,
      version.hooks.join(","),
      `${Math.ceil(version.moduleBytes / 1_024)} KiB`,
      version.snapshot.state === "failed" ? `failed: ${version.snapshot.reason}` : version.snapshot.state,
      version.aliases.join(","),
      servicesText(version.services),
      version.description,
    ]),
    empty: "no versions yet: selvage publish",
  });
}
