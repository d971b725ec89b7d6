import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { createBaseSnapshot } from "../../runtime/evaluate-module.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { driverContract } from "./driver-contract.ts";
import { guestScript } from "./guest-script.ts";

const environment = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});

driverContract("LocalDriver from code", async () => {
  const driver = new LocalDriver({ environment, guestScript: await guestScript(), baseSnapshot: null, spares: 0 });
  await driver.start();
  return driver;
});

driverContract("LocalDriver from the base snapshot", async () => {
  const script = await guestScript();
  const driver = new LocalDriver({
    environment,
    guestScript: script,
    baseSnapshot: createBaseSnapshot(script),
    spares: 2,
  });
  await driver.start();
  return driver;
});
