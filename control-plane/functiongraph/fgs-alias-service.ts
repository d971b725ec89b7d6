/** Aliases as clients of FunctionGraph see them: a main version, and another for a weight or for rules (interfaces.md §3.5). */
import type { AliasGrey, GreyRule } from "../../sdk/alias-grey.ts";
import { fgsLimits } from "../../sdk/fgs-limits.ts";
import { refuseAliasName } from "../../sdk/function-name.ts";
import { ControlError } from "../control-error.ts";
import type { AliasService } from "../functions/alias-service.ts";
import type { AliasRow, Store, StoreTables } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import { refuseAliasWithTriggers } from "./fgs-triggers.ts";
import { aliasResource } from "./fgs-resources.ts";
import { invalid, type Body } from "./function-settings.ts";
import { unknownFunction } from "./locate-function.ts";
import type { FunctionUrn } from "./urn.ts";

export interface FgsAliasServiceOptions {
  readonly store: Store;
  readonly functions: FgsFunctionService;
  readonly aliases: AliasService;
}

export class FgsAliasService {
  readonly #options: FgsAliasServiceOptions;

  constructor(options: FgsAliasServiceOptions) {
    this.#options = options;
  }

  async list(urn: FunctionUrn): Promise<readonly object[]> {
    const { row } = await this.#options.functions.find({ ...urn, qualifier: null });
    const aliases = await this.#options.store.read((view) => view.aliases.list(row.function));
    return aliases.map((alias) => aliasResource({ project: urn.project, row, alias }));
  }

  async get(urn: FunctionUrn, name: string): Promise<object> {
    const { row } = await this.#options.functions.find({ ...urn, qualifier: null });
    return aliasResource({ project: urn.project, row, alias: await this.#require(row.function, name) });
  }

  async create(urn: FunctionUrn, body: Body): Promise<object> {
    const name = body["name"];
    if (typeof name !== "string" || refuseAliasName(name) !== null) {
      throw invalid("FSS.1014", "name", { received: name, allowed: refuseAliasName("") ?? "a name" });
    }
    await this.#options.functions.find({ ...urn, qualifier: null });
    return this.#put(urn, { name, body, check: (present) => refuseNew(present, name) });
  }

  async update(urn: FunctionUrn, name: string, body: Body): Promise<object> {
    await this.#options.functions.find({ ...urn, qualifier: null });
    await this.#require(urn.name, name);
    return this.#put(urn, { name, body, check: (present) => refuseUnknown(present, name) });
  }

  async delete(urn: FunctionUrn, name: string): Promise<void> {
    const { row } = await this.#options.functions.find({ ...urn, qualifier: null });
    await this.#require(urn.name, name);
    refuseAliasWithTriggers(row.triggers, name);
    await this.#options.aliases.delete({ functionName: urn.name, alias: name });
  }

  /** `check`: of the aliases that are there when it is put. */
  async #put(
    urn: FunctionUrn,
    given: { readonly name: string; readonly body: Body; readonly check: (present: readonly AliasRow[]) => void },
  ): Promise<object> {
    const { aliases, functions } = this.#options;
    const { name, body, check } = given;
    const version = body["version"];
    if (typeof version !== "string" || version === "latest") {
      throw invalid("FSS.1015", "version", { received: version, allowed: "the name of a published version" });
    }
    await functions.find({ ...urn, qualifier: { kind: "version", name: version } });
    const grey = readGrey(body, version);
    const description = typeof body["description"] === "string" ? body["description"].slice(0, 512) : "";
    const before = async ({ aliases: rows, fgsFunctions }: StoreTables): Promise<void> => {
      const present = await rows.list(urn.name);
      check(present);
      refuseSecond(present, { name, version });
      const row = await fgsFunctions.get(urn.name);
      if (row === null) throw unknownFunction();
      await fgsFunctions.put({ ...row, aliasDescriptions: { ...row.aliasDescriptions, [name]: description } });
    };
    try {
      if (grey !== null) await functions.find({ ...urn, qualifier: { kind: "version", name: grey.version } });
      await aliases.move({ functionName: urn.name, alias: name }, { version, grey }, { before });
    } catch (error) {
      if (error instanceof ControlError && error.code === "INPUT_INVALID")
        throw new FgsError("FSS.1092", error.message);
      if (error instanceof FgsError && error.code === "FSS.1052")
        throw new FgsError("FSS.1091", "Not found the additional version");
      throw error;
    }
    return this.get(urn, name);
  }

  async #require(functionName: string, name: string): Promise<AliasRow> {
    const alias = await this.#options.store.read((view) => view.aliases.get(functionName, name));
    if (alias === null) throw unknownAlias();
    return alias;
  }
}

/** @throws FgsError FSS.1063, FSS.1043. */
function refuseNew(present: readonly AliasRow[], name: string): void {
  if (present.some((alias) => alias.name === name)) throw new FgsError("FSS.1063", `alias ${name} exists already`);
  if (present.length < fgsLimits.aliasesMax) return;
  throw new FgsError("FSS.1043", `a function has at most ${fgsLimits.aliasesMax} aliases`);
}

/** It may have been deleted meanwhile. @throws FgsError FSS.1053. */
function refuseUnknown(present: readonly AliasRow[], name: string): void {
  if (!present.some((alias) => alias.name === name)) throw unknownAlias();
}

/** A version has one alias at most. @throws FgsError FSS.1066. */
function refuseSecond(
  present: readonly AliasRow[],
  { name, version }: { readonly name: string; readonly version: string },
): void {
  const other = present.find((alias) => alias.version === version && alias.name !== name);
  if (other !== undefined) throw new FgsError("FSS.1066", `alias ${other.name} names version ${version} already`);
}

function unknownAlias(): FgsError {
  return new FgsError("FSS.1053", "Not found the alias");
}

/** @throws FgsError for what goes beyond one version by weight or by rules. */
function readGrey(body: Body, main: string): AliasGrey | null {
  const weights = entriesOf(body["additional_version_weights"]);
  const strategies = entriesOf(body["additional_version_strategy"]);
  if (weights.length + strategies.length === 0) return null;
  if (weights.length + strategies.length > 1) {
    throw new FgsError("FSS.1092", "allowed: one additional version, by weight or by strategy");
  }
  const [version = "", value] = weights[0] ?? strategies[0] ?? [];
  if (version === "latest") throw new FgsError("FSS.1091", "latest cannot be the additional version");
  if (version === main) throw new FgsError("FSS.1093", "the additional version is the main version");
  if (weights.length === 0) return readStrategy(version, value);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 100) {
    return { by: "weight", version, weight: value, sticky: null };
  }
  throw invalid("FSS.1092", `additional_version_weights.${version}`, { received: value, allowed: "an integer 0..100" });
}

function readStrategy(version: string, input: unknown): AliasGrey {
  const { combine_type: combine, rules } = (typeof input === "object" && input !== null ? input : {}) as Body;
  const key = `additional_version_strategy.${version}`;
  if (combine !== undefined && combine !== "and" && combine !== "or") {
    throw invalid("FSS.1092", `${key}.combine_type`, { received: combine, allowed: "and, or" });
  }
  if (!Array.isArray(rules)) throw invalid("FSS.1092", `${key}.rules`, { received: rules, allowed: "a list of rules" });
  return {
    by: "rules",
    version,
    combine: combine === "or" ? "any" : "all",
    rules: rules.map((rule, index) => readRule(rule, `${key}.rules[${index}]`)),
  };
}

function readRule(input: unknown, key: string): GreyRule {
  if (typeof input !== "object" || input === null) {
    throw invalid("FSS.1092", key, { received: input, allowed: "a rule" });
  }
  const { rule_type: type, param, op, value } = input as Body;
  const from = typeof type === "string" ? type.toLowerCase() : "header";
  if (from !== "header" && from !== "cookie") {
    throw invalid("FSS.1092", `${key}.rule_type`, { received: type, allowed: "Header, Cookie" });
  }
  if (op !== "=" && op !== "in") throw invalid("FSS.1092", `${key}.op`, { received: op, allowed: "=, in" });
  if (typeof param !== "string") throw invalid("FSS.1092", `${key}.param`, { received: param, allowed: "a name" });
  if (typeof value !== "string") throw invalid("FSS.1092", `${key}.value`, { received: value, allowed: "a text" });
  return { from, name: param, op, value };
}

function entriesOf(input: unknown): readonly (readonly [string, unknown])[] {
  return typeof input === "object" && input !== null ? Object.entries(input) : [];
}
