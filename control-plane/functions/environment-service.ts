/**
 * The environment that a function's next version is published with: plain variables and secrets.
 *
 * Invariant: a secret's value leaves this file only encrypted; what is shown of secrets is their names.
 */
import type { EnvironmentInput, EnvironmentResource } from "../../sdk/api.ts";
import { environmentProblems, parseEnvironment } from "../../sdk/environment-parser.ts";
import type { Problem } from "../../sdk/problem.ts";
import { invalidInput, requireValid } from "../control-error.ts";
import type { MasterKey } from "../keys/master-key.ts";
import { decryptSecrets, encryptSecrets, type SecretValues } from "../keys/secrets-at-rest.ts";
import type { EnvironmentRow, Store } from "../store.ts";
import { requireFunction } from "./require-row.ts";

export interface EnvironmentServiceOptions {
  readonly store: Store;
  readonly masterKey: MasterKey;
}

export class EnvironmentService {
  readonly #options: EnvironmentServiceOptions;

  constructor(options: EnvironmentServiceOptions) {
    this.#options = options;
  }

  /** @throws ControlError NOT_FOUND. */
  async get(functionName: string): Promise<EnvironmentResource> {
    const row = await this.#options.store.read(async (view) => {
      await requireFunction(view, functionName);
      return view.functions.environment(functionName);
    });
    return this.shown(functionName, row);
  }

  /** A function's row as it may be shown. */
  shown(functionName: string, { variables, encryptedSecrets }: EnvironmentRow): EnvironmentResource {
    const secrets = decryptSecrets(this.#options.masterKey, { functionName, encrypted: encryptedSecrets });
    return { variables, secrets: Object.keys(secrets).sort() };
  }

  /** Replaces all of it; a secret given as null keeps its stored value. @throws ControlError INPUT_INVALID, NOT_FOUND. */
  set(functionName: string, input: unknown): Promise<EnvironmentResource> {
    return this.#options.store.change(async (tables) => {
      await requireFunction(tables, functionName);
      const present = await tables.functions.environment(functionName);
      const row = this.replaced(input, { functionName, present });
      await tables.functions.setEnvironment(functionName, row);
      return this.shown(functionName, row);
    });
  }

  /** What `set` would write; nothing is written. @throws ControlError INPUT_INVALID. */
  replaced(
    input: unknown,
    { functionName, present }: { readonly functionName: string; readonly present: EnvironmentRow },
  ): EnvironmentRow {
    const { masterKey } = this.#options;
    const { variables, secrets: given } = requireValid(parseEnvironment(input));
    const stored = decryptSecrets(masterKey, { functionName, encrypted: present.encryptedSecrets });
    const secrets = mergeSecrets(given, stored);
    const problems = environmentProblems({ ...variables, ...secrets });
    if (problems.length > 0) throw invalidInput(problems);
    return { variables, encryptedSecrets: encryptSecrets(masterKey, { functionName, secrets }) };
  }
}

function mergeSecrets(given: EnvironmentInput["secrets"], stored: SecretValues): SecretValues {
  const problems: Problem[] = [];
  const merged = Object.entries(given).map(([name, value]): [string, string] => {
    if (value !== null) return [name, value];
    if (Object.hasOwn(stored, name)) return [name, stored[name] ?? ""];
    problems.push({
      path: `secrets.${name}`,
      message: "is null, but no secret of this name is stored, allowed: a string",
    });
    return [name, ""];
  });
  if (problems.length > 0) throw invalidInput(problems);
  return Object.fromEntries(merged);
}
