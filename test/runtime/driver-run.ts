/** Runs one invocation of a module on a driver: what the parts of the driver contract are written with. */
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  Subrequest,
  SubrequestResponse,
} from "../../runtime/driver.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import { invocationOf, quietHost, versionOf } from "./driver-fixtures.ts";

/** What one invocation gave. */
export interface Run {
  readonly outcome: Outcome;
  readonly logs: readonly string[];
}

export interface RunOptions {
  readonly invocation?: Partial<Invocation>;
  readonly limits?: Partial<FunctionLimits>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly allowEval?: boolean;
  readonly services?: RunnableVersion["services"];
  /** An event function: `module` is then an object of its exports. */
  readonly event?: RunnableVersion["event"];
  readonly fetch?: (request: Subrequest, signal: AbortSignal) => Promise<SubrequestResponse>;
}

export type RunFunction = (module: string, options?: RunOptions) => Promise<Run>;

/** Loads the module as a version of its own and invokes it once. */
export async function runOnce(driver: Driver, module: string, options: RunOptions): Promise<Run> {
  const { limits = {}, environment = {}, services = {}, allowEval = false, event = null } = options;
  const base = versionOf(module, limits, environment);
  const code = event === null ? base.code : `var __selvageModule = { entry: ${module}, default: undefined };`;
  const version = { ...base, code, services, allowEval, event };
  await driver.load(version);
  const logs: string[] = [];
  const host: InvocationHost = {
    ...quietHost(logs),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  };
  const outcome = await driver.invoke(invocationOf(version.key, options.invocation ?? {}), host).outcome;
  return { outcome, logs };
}
