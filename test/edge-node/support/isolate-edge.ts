/** A whole front whose functions run in real isolates in this process. */
import { nodeRuntimeEnvironment } from "../../../edge-node/hosts/node-runtime-environment.ts";
import type { RunnableVersion } from "../../../runtime/driver.ts";
import { LocalDriver } from "../../../runtime/local-driver.ts";
import { guestCode } from "../../runtime/guest-code.ts";
import { versionOf } from "../../runtime/driver-fixtures.ts";
import { ManualClock, startEdge, type Edge, type EdgeOptions } from "./edge.ts";
import { textOutcome } from "./function-driver.ts";

export interface IsolateEdge extends Omit<Edge, "driver"> {
  readonly clock: ManualClock;
}

export interface IsolateFunction {
  /** The expression of the module's default export. */
  readonly module: string;
  readonly services?: RunnableVersion["services"];
}

/** Each function is version `v1`; the clock stands still until it is moved. */
export async function startIsolateEdge(
  functions: Readonly<Record<string, IsolateFunction>>,
  options: Pick<EdgeOptions, "rules">,
): Promise<IsolateEdge> {
  const clock = new ManualClock();
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  for (const [name, { module, services = {} }] of Object.entries(functions)) {
    await driver.load({ ...versionOf(module, {}), key: `${name}@v1`, function: name, version: "v1", services });
  }
  const names = Object.keys(functions).map((name) => [name, () => textOutcome("")] as const);
  const edge = await startEdge({ ...options, functions: Object.fromEntries(names), front: { driver, clock } });
  return {
    ...edge,
    clock,
    close: async () => {
      await edge.close();
      await driver.close();
    },
  };
}
