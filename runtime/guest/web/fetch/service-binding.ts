/**
 * `env.NAME` of a function that was published with services: another function, called by its `fetch` without a network between.
 * The name is all this side knows; which function it stands for is looked up by the host at each call.
 */
import { finishInterface } from "../core/interface.ts";
import { type FetchParameters, fetchFrom } from "./fetch.ts";
import type { Response } from "./response.ts";

const internal: unique symbol = Symbol("internal");

export class ServiceBinding {
  readonly #name: string;

  constructor(name?: string, token?: typeof internal) {
    if (token !== internal || name === undefined) {
      throw new TypeError("Cannot create a ServiceBinding: illegal constructor");
    }
    this.#name = name;
  }

  async fetch(...parameters: FetchParameters): Promise<Response> {
    return await fetchFrom({ kind: "service", name: this.#name }, parameters);
  }
}

/** One binding for each name. */
export function serviceBindings(names: readonly string[]): Readonly<Record<string, ServiceBinding>> {
  const bindings: Record<string, ServiceBinding> = {};
  for (const name of names) bindings[name] = new ServiceBinding(name, internal);
  return bindings;
}

finishInterface(ServiceBinding, "ServiceBinding");
