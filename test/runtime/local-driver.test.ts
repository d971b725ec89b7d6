import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { createBaseSnapshot } from "../../runtime/evaluate-module.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { driverContract } from "./driver-contract.ts";
import { guestCode } from "./guest-code.ts";

const environment = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});

driverContract("LocalDriver from code", async () => {
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  return driver;
});

driverContract("LocalDriver from the base snapshot", async () => {
  const guest = await guestCode();
  const driver = new LocalDriver({
    environment,
    guest,
    baseSnapshot: createBaseSnapshot(guest),
    spares: 2,
  });
  await driver.start();
  return driver;
});
