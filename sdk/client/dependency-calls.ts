/** The part of the client about dependencies. */
import type {
  DependencyInput,
  DependencyResource,
  DependencySummary,
  DependencyVersionResource,
} from "../dependency.ts";
import type { Call } from "./rollout-calls.ts";

export class DependencyCalls {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  async list(): Promise<readonly DependencySummary[]> {
    return (await this.#call<{ dependencies: DependencySummary[] }>("GET /v1/dependencies")).dependencies;
  }

  get(name: string): Promise<DependencyResource> {
    return this.#call(`GET ${dependencyPath(name)}`);
  }

  /** Takes in a next version; a new name becomes a dependency. */
  create(name: string, input: DependencyInput): Promise<DependencyVersionResource> {
    return this.#call(`POST ${dependencyPath(name)}/versions`, input);
  }

  getVersion(name: string, version: number): Promise<DependencyVersionResource> {
    return this.#call(`GET ${dependencyPath(name)}/versions/${String(version)}`);
  }

  /** Refused while something uses it. */
  deleteVersion(name: string, version: number): Promise<void> {
    return this.#call(`DELETE ${dependencyPath(name)}/versions/${String(version)}`);
  }

  /** All of it. Refused while something uses it. */
  delete(name: string): Promise<void> {
    return this.#call(`DELETE ${dependencyPath(name)}`);
  }
}

function dependencyPath(name: string): `/${string}` {
  return `/v1/dependencies/${encodeURIComponent(name)}`;
}
