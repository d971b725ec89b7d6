/** The part of the client about rollouts in steps and what functions do. */
import type { StagedRolloutInput, StagedRolloutResource, StagedRolloutState } from "../staged-rollout.ts";
import type { StatisticsPage } from "../statistics.ts";
import { aliasPath, queryText } from "./paths.ts";
import type { Method } from "./rest-connection.ts";

export type Call = <T>(request: `${Method} /${string}`, body?: unknown) => Promise<T>;

export class RolloutCalls {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** The alias gets its first step. */
  begin(
    name: string,
    { alias, ...input }: StagedRolloutInput & { readonly alias: string },
  ): Promise<StagedRolloutResource> {
    return this.#call(`POST ${aliasPath(name, alias)}/rollouts`, input);
  }

  /** Newest first. */
  async list(
    query: { readonly function?: string | undefined; readonly state?: StagedRolloutState | undefined } = {},
  ): Promise<readonly StagedRolloutResource[]> {
    return (await this.#call<{ rollouts: StagedRolloutResource[] }>(`GET /v1/rollouts${queryText(query)}`)).rollouts;
  }

  get(id: string): Promise<StagedRolloutResource> {
    return this.#call(`GET /v1/rollouts/${encodeURIComponent(id)}`);
  }

  /** The alias goes back to where it was. */
  cancel(id: string): Promise<StagedRolloutResource> {
    return this.#call(`POST /v1/rollouts/${encodeURIComponent(id)}/cancel`, {});
  }

  /** What functions did in the last `seconds` (1..60, default 10), over all nodes, busiest first. */
  statistics(
    query: { readonly seconds?: number | undefined; readonly function?: string | undefined } = {},
  ): Promise<StatisticsPage> {
    return this.#call(`GET /v1/statistics${queryText(query)}`);
  }
}
