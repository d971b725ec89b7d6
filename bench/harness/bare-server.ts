/** Starts bare uWebSockets.js (bare-server-main.ts) as a peer: the ceiling of what stands on it. */
import { fileURLToPath } from "node:url";
import { ChildProcess } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
import { nodeBinary } from "./project-files.ts";
import { waitForAnswer } from "./wait-for.ts";

export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

const entry = fileURLToPath(new URL("bare-server-main.ts", import.meta.url));

/** @throws Error when it does not answer within 20 s. */
export async function startBareServer(env: Readonly<Record<string, string>>): Promise<BareServer> {
  const [port = 0] = await freePorts(1);
  const args = [entry, String(port)];
  const child = await ChildProcess.start({ name: "uWebSockets.js", command: nodeBinary, args, env });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await child.stop(5_000);
  };
  try {
    await waitForAnswer(child, { url: `${url}/keep/1`, host: "bench.test", deadlineMs: 20_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
