/** Instances of the size that who sends an event asked for (dynamic memory), in real isolates. */
import { expect, it, onTestFinished } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { defaultEventSettings } from "../../sdk/event-settings.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

it("an instance has the memory that was asked for and is told so; a size that is not offered is the version's own", async () => {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  onTestFinished(() => driver.close());
  const handler = `{ async handler(event, context) {
    if (event.fill) return new Array(event.fill * 131_072).fill(1.5).length > 0 ? "fits" : "";
    return context.getMemorySize() + " " + process.env.RUNTIME_MEMORY;
  } }`;
  const version = {
    ...versionOf("undefined", { memoryMiB: 32 }, { RUNTIME_MEMORY: "32" }),
    code: `var __selvageModule = { entry: ${handler}, default: undefined };`,
    event: { ...defaultEventSettings, memorySizesMiB: [16, 32, 128] },
  };
  await driver.load(version);
  const send = (memoryMiB: number | undefined, event: object) => {
    const body = { kind: "text", text: JSON.stringify(event) } as const;
    const size = memoryMiB === undefined ? {} : { memoryMiB };
    const invocation = invocationOf(version.key, { phase: "event", method: "POST", body, ...size });
    return driver.invoke(invocation, quietHost([])).outcome;
  };
  expect(await textOf(await send(undefined, {}))).toBe("32 32");
  expect(await textOf(await send(128, {}))).toBe("128 128");
  expect(await textOf(await send(16, {}))).toBe("16 16");
  expect(await textOf(await send(64, {}))).toBe("32 32");
  expect(await textOf(await send(32, {}))).toBe("32 32");
  expect((await driver.stats())[0]).toMatchObject({ instances: 3, coldStarts: 3 });

  expect(await textOf(await send(128, { fill: 60 }))).toBe("fits");
  expect(await send(16, { fill: 60 })).toMatchObject({ kind: "failed", code: "FUNCTION_MEMORY_LIMIT" });
});
