/** Bundles a source, loads it into a real instance and lets it answer: what a module of Node.js does there, not here. */
import { nodeRuntimeEnvironment } from "../../../edge-node/hosts/node-runtime-environment.ts";
import type { Outcome, RunnableVersion } from "../../../runtime/driver.ts";
import { LocalDriver } from "../../../runtime/local-driver.ts";
import type { FunctionLimits } from "../../../sdk/limits.ts";
import { invocationOf, quietHost, textOf, versionOf } from "../../runtime/driver-fixtures.ts";
import { guestCode } from "../../runtime/guest-code.ts";
import { bundled, filesInput } from "../run-bundle.ts";

export async function startDriver(): Promise<LocalDriver> {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  return driver;
}

/** A version from files; the entry is `index.ts`. */
export async function bundledVersion(
  files: Readonly<Record<string, string>>,
  options: { readonly limits?: Partial<FunctionLimits>; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<RunnableVersion> {
  const { code } = await bundled(filesInput(files));
  return { ...versionOf("null", options.limits ?? {}, options.environment), code };
}

/** What `body` (statements of an async function after `imports`) returns in an instance, through JSON. */
export async function evaluate(
  driver: LocalDriver,
  options: { readonly imports: string; readonly body: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<unknown> {
  const index = `${options.imports}
    async function run(request, env) { ${options.body} }
    export default { async fetch(request, env) { return Response.json({ value: await run(request, env) }); } };`;
  const environment = options.environment ?? {};
  const version = await bundledVersion({ "index.ts": index }, { limits: { cpuMs: 5_000 }, environment });
  await driver.load(version);
  const logs: string[] = [];
  const outcome: Outcome = await driver.invoke(invocationOf(version.key, {}), quietHost(logs)).outcome;
  if (outcome.kind !== "response") throw new Error(`${JSON.stringify(outcome)}\n${logs.join("\n")}`);
  return (JSON.parse(await textOf(outcome)) as { readonly value?: unknown }).value;
}
