/** The part of the REST client that is about reserved instances (reserved.ts): one method for each route. */
import type { ReservedInput, ReservedResource } from "../reserved.ts";
import { functionPath } from "./paths.ts";
import type { Call } from "./rollout-calls.ts";

export interface ReservedTarget {
  readonly function: string;
  /** A version, an alias, or `latest` (default). */
  readonly qualifier?: string | undefined;
}

/** `SelvageClient.reserved`. Every method throws `SelvageApiError`. */
export class ReservedClient {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Of one function, or of all. */
  async list(functionName?: string): Promise<readonly ReservedResource[]> {
    const path = functionName === undefined ? "/v1/reserved" : (`${functionPath(functionName)}/reserved` as const);
    return (await this.#call<{ reservations: ReservedResource[] }>(`GET ${path}`)).reservations;
  }
  /** What was set under exactly this name. */
  get(target: ReservedTarget): Promise<ReservedResource> {
    return this.#call(`GET ${pathOf(target)}`);
  }
  /** In place of what was set; keys left out say nothing. `revision` tells nodes of it. */
  set(
    target: ReservedTarget,
    input: ReservedInput,
  ): Promise<{ readonly reservation: ReservedResource; readonly revision: number }> {
    return this.#call(`PUT ${pathOf(target)}`, input);
  }
  async delete(target: ReservedTarget): Promise<void> {
    await this.#call(`DELETE ${pathOf(target)}`);
  }
}

function pathOf({ function: name, qualifier = "latest" }: ReservedTarget): `/${string}` {
  return `${functionPath(name)}/reserved/${encodeURIComponent(qualifier)}`;
}
