/** `selvage dependencies`: packages that functions are bundled with, in numbered versions. */
import type { DependencyVersionResource } from "../../dependency.ts";
import { placeArchive, readArchiveInput } from "../archive-input.ts";
import { parseDependencyVersion } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { textTable } from "../text-table.ts";

export const addDependencies: AddCommand = (program, open) => {
  const dependencies = program
    .command("dependencies")
    .description("list, upload or delete packages that functions are bundled with (dependencies in selvage.json)")
    .addHelpText(
      "after",
      examples(
        "dependencies",
        "dependencies upload colours ./colours",
        "dependencies upload vendor vendor.zip --description 'with node_modules'",
        "dependencies show colours",
        "dependencies delete colours 1",
      ),
    );

  dependencies
    .command("list", { isDefault: true })
    .description("list dependencies and their versions")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).dependencies.list();
      const rows = list.map(({ name, public: isPublic, versions }) => [
        name,
        isPublic ? "public" : "private",
        versions.join(", "),
      ]);
      output.result(list, textTable(["DEPENDENCY", "IS", "VERSIONS"], { rows, empty: "no dependencies" }));
    });

  dependencies
    .command("show")
    .description("show a dependency's versions, what they hold and what uses them")
    .argument("<name>", "dependency")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      const dependency = await (await client()).dependencies.get(name);
      const rows = dependency.versions.map(rowOf);
      const head = ["VERSION", "BYTES", "PACKAGES", "USED BY", "DESCRIPTION"];
      output.result(dependency, textTable(head, { rows, empty: "no versions" }));
    });

  dependencies
    .command("upload")
    .description("upload a folder or a ZIP, or have a URL fetched, as the next version")
    .argument("<name>", "dependency; a package at the root is imported by this name")
    .argument("<source>", "folder, ZIP file, or http(s) URL of a ZIP")
    .option("--description <text>", "what is new")
    .option("--public", "a new one that only administrators may change")
    .action(async (name: string, source: string, options: UploadOptions, command) => {
      const { client, context, output } = open(command);
      const input = await readArchiveInput(source, context);
      const connected = await client();
      const version = await connected.dependencies.create(name, {
        source: await placeArchive(connected, input),
        description: options.description ?? "",
        ...(options.public === true ? { public: true } : {}),
      });
      output.result(version, `${name}@${version.version}: ${version.packages.join(", ")} (${version.files} files)`);
    });

  dependencies
    .command("delete")
    .description("delete a version, or all of a dependency; refused while a version of a function uses it")
    .argument("<name>", "dependency")
    .argument("[version]", "number of the version; default: all of them", parseDependencyVersion)
    .action(async (name: string, version: number | undefined, _options, command) => {
      const { client, output } = open(command);
      const { dependencies: calls } = await client();
      if (version === undefined) await calls.delete(name);
      else await calls.deleteVersion(name, version);
      const deleted = version === undefined ? name : `${name}@${version}`;
      output.result({ deleted }, `${deleted} is deleted`);
    });
};

interface UploadOptions {
  readonly description?: string;
  readonly public?: boolean;
}

function rowOf({ version, archive, packages, usedBy, description }: DependencyVersionResource): string[] {
  const uses = usedBy.map((use) => `${use.function}@${use.version}`);
  return [String(version), String(archive.bytes), shorten(packages), shorten(uses), description];
}

function shorten(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
