/** A Driver with real isolates in this process, for tests of a front and functions together. */
import { nodeRuntimeEnvironment } from "../../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../../runtime/local-driver.ts";
import { defaultFunctionLimits } from "../../../sdk/limits.ts";
import { hooks } from "../../../sdk/phase.ts";
import { guestCode } from "../../runtime/guest-code.ts";

/** `modules`: name → the expression of a module's default export; each is loaded as `NAME@v1`. Who calls closes it. */
export async function startIsolateDriver(modules: Readonly<Record<string, string>>): Promise<LocalDriver> {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  for (const [name, module] of Object.entries(modules)) {
    await driver.load({
      key: `${name}@v1`,
      function: name,
      version: "v1",
      hooks,
      limits: { ...defaultFunctionLimits, cpuMs: 30_000 },
      isolation: "shared",
      allowEval: false,
      event: null,
      environment: {},
      code: `var __selvageModule = { default: ${module} };`,
      snapshot: null,
      services: {},
      wasm: [],
    });
  }
  return driver;
}
