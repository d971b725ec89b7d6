/** `selvage domains keys`: the reference of every key of a domain's document, from the tables that read it. */
import type { Command } from "commander";
import { domainKeys, refusedDomainKeys } from "../../domain-keys.ts";
import type { KeyDescription, KeyShape } from "../../key-description.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import type { OpenSession } from "../session.ts";

export function addKeys(domains: Command, open: OpenSession): void {
  domains
    .command("keys")
    .description("explain the keys of a domain's document")
    .argument("[key]", "only this key and what is in it, for example url_auth")
    .action((key: string | undefined, _options, command) => {
      const { output } = open(command);
      const keys = domainKeys().filter((entry) => key === undefined || entry.key === key);
      if (keys.length === 0) throw new CliError(exitCodes.refused, unknownKey(key ?? ""));
      const refused = Object.entries(refusedDomainKeys()).map(([name, message]) => `${name}\n    ${message}`);
      const rules =
        "rules\n    The rules that run functions, as `selvage rules get --json` lists them. Absent: they stay.";
      const lines = flatten(keys, "").map((entry) => keyText(entry, output.colors.bold));
      output.result(keys, [...lines, ...(key === undefined ? [rules, ...refused] : [])].join("\n"));
    });
}

function unknownKey(key: string): string {
  return refusedDomainKeys()[key] === undefined
    ? `received ${key}, allowed: a key of a domain`
    : `${key} ${refusedDomainKeys()[key]}`;
}

function flatten(keys: readonly KeyDescription[], parent: string): readonly KeyDescription[] {
  return keys.flatMap((key) => {
    const path = parent === "" ? key.key : `${parent}.${key.key}`;
    const { keys: inner, suffix } = insideOf(key.shape);
    return [{ ...key, key: path }, ...flatten(inner, `${path}${suffix}`)];
  });
}

function insideOf(shape: KeyShape): { readonly keys: readonly KeyDescription[]; readonly suffix: string } {
  if (shape.kind === "object") return { keys: shape.keys, suffix: "" };
  return shape.kind === "list" ? { keys: insideOf(shape.item).keys, suffix: "[]" } : { keys: [], suffix: "" };
}

const presences = { required: "required", filled: "", optional: "optional", depends: "depends on others" } as const;

function keyText(
  { key, meaning, allowed, presence, default: standard }: KeyDescription,
  bold: (text: string) => string,
): string {
  const remarks = [presences[presence], standard === undefined ? "" : `default ${JSON.stringify(standard)}`];
  const remark = remarks.filter((text) => text !== "").join(", ");
  return `${bold(key)}${remark === "" ? "" : ` (${remark})`}\n    ${meaning} Allowed: ${allowed}`;
}
