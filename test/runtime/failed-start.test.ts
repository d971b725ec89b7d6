/** Instances whose start fails are gone for everybody, whatever they said before. */
import { expect, it } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { InvocationClient } from "../../runtime/client/invocation-client.ts";
import { Engine } from "../../runtime/engine.ts";
import { memoryLinks } from "../../runtime/memory-link.ts";
import { versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

const environment = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});

/** It speaks right after the connection is made, and then does what `then` says. */
function speaks(then: string): string {
  const speak = `console.log("a word"); for (let hop = 0; hop < 20; hop++) await null; ${then}`;
  return `globalThis.__selvageModule = { get default() { Promise.resolve().then(async () => { ${speak} }); return { fetch: () => new Response() }; } };`;
}

it.each([
  ["whose module threw", `${speaks("")} throw new Error("not today");`, "not today"],
  ["that loops while it is connected", speaks("for (;;);"), "Script execution timed out."],
])("an instance %s leaves nothing behind at the front", async (_name, code, message) => {
  const links = memoryLinks(environment);
  const client = new InvocationClient(links.front, environment);
  const guest = await guestCode();
  const engine = new Engine(links.engine, { environment, guest, baseSnapshot: null, spares: 0, areTrusted: true });
  const version = { ...versionOf("{}", {}), code };
  await client.load(version);
  expect(await client.warm(version.key, 1)).toMatchObject({ code: "FUNCTION_LOAD_FAILED", message });
  await client.ping();
  expect([client.instances, client.instancesGone]).toEqual([0, 1]);
  await client.close();
  engine.close();
});
