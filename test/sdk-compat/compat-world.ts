/** A control plane with one node, an access key, and the official client of FunctionGraph pointed at it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type * as FunctionGraph from "@huaweicloud/huaweicloud-sdk-functiongraph";
import { LocalFleet, type FleetNode } from "../../bench/harness/local-fleet.ts";
import { readMetric } from "../../bench/harness/node-metrics.ts";
import type { AccessKeyCreated } from "../../sdk/api.ts";

export type Sdk = typeof FunctionGraph;
export type Client = FunctionGraph.FunctionGraphClient;

export const project = "compat";

export interface CompatWorld {
  readonly sdk: Sdk;
  readonly client: Client;
  /** Takes bodies as bytes: the client's own way makes text of files. */
  readonly downloads: Client;
  /** With another secret. */
  readonly impostor: Client;
  /** Calls of a function that run on the node. */
  running(functionName: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startCompatWorld({
  folder,
  env,
}: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<CompatWorld> {
  await mkdir(folder, { recursive: true });
  // The client keeps a file in the user's folder.
  process.env["HOME"] = folder;
  const imported = await import("@huaweicloud/huaweicloud-sdk-functiongraph");
  const { BasicCredentials } = (await import("@huaweicloud/huaweicloud-sdk-core")).default;
  const sdk = (imported as unknown as { readonly default: Sdk }).default;
  const fleet = await LocalFleet.start({ folder: join(folder, "fleet"), env });
  const { node, key } = await startNodeAndKey(fleet);
  const clientOf = (secret: string, axiosRequestConfig: object = {}): Client => {
    const credential = new BasicCredentials().withAk(key.id).withSk(secret).withProjectId(project);
    const builder = sdk.FunctionGraphClient.newBuilder().withCredential(credential).withEndpoint(fleet.controlUrl);
    return builder.withOptions({ axiosRequestConfig }).build();
  };
  return {
    sdk,
    client: clientOf(key.secret),
    downloads: clientOf(key.secret, { responseType: "arraybuffer" }),
    impostor: clientOf("another-secret"),
    running: (functionName) => readMetric(node, "selvage_function_active", `function="${functionName}"`),
    stop: () => fleet.stop(),
  };
}

/** Ends the fleet when it cannot. */
async function startNodeAndKey(
  fleet: LocalFleet,
): Promise<{ readonly node: FleetNode; readonly key: AccessKeyCreated }> {
  try {
    const node = await fleet.startNode({ name: "one", settings: {} });
    return { node, key: await createAccessKey(fleet) };
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

async function createAccessKey(fleet: LocalFleet): Promise<AccessKeyCreated> {
  const response = await fetch(`${fleet.controlUrl}/v1/access-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${fleet.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "compat", role: "admin" }),
  });
  if (response.status !== 201) throw new Error(`no access key: ${response.status} ${await response.text()}`);
  return (await response.json()) as AccessKeyCreated;
}
