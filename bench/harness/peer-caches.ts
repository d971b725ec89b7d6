/**
 * nginx and Varnish as caches in front of one origin, with one worker each, for scenarios that compare with them where they are installed.
 *
 * Their configurations ask for what Selvage does: keep what may be kept, reuse connections to the origin, no access log. Invariant: each is
 * ended by its process id, and all of its files lie in the given folder.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ChildProcess, runToEnd } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
import { cacheZone, cachedLocations } from "./nginx-cache.ts";
import { startNginx } from "./nginx.ts";
import { waitForAnswer } from "./wait-for.ts";

export interface PeerCache {
  readonly name: "nginx" | "varnish";
  readonly version: string;
  readonly url: string;
  stop(): Promise<void>;
}

export interface PeerCacheOptions {
  readonly originPort: number;
  /** Created. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** A path the origin answers with 200. */
  readonly healthPath: string;
}

/** Those that are installed, started and answering. @throws Error when one is installed and does not answer within 20 s. */
export async function startPeerCaches(options: PeerCacheOptions): Promise<readonly PeerCache[]> {
  const started: PeerCache[] = [];
  try {
    for (const start of [startNginxCache, startVarnish]) {
      const peer = await start(options);
      if (peer !== null) started.push(peer);
    }
    return started;
  } catch (error) {
    await Promise.all(started.map((peer) => peer.stop()));
    throw error;
  }
}

async function startNginxCache({ originPort, folder, env, healthPath }: PeerCacheOptions): Promise<PeerCache | null> {
  const nginx = await startNginx({
    folder: join(folder, "nginx"),
    env,
    healthPath,
    http: cacheZone(originPort),
    server: cachedLocations(),
  });
  return nginx === null ? null : { name: "nginx", ...nginx };
}

async function startVarnish(options: PeerCacheOptions): Promise<PeerCache | null> {
  const version = await findVersion(options, { command: "/usr/sbin/varnishd", args: ["-V"] });
  if (version === null) return null;
  const folder = join(options.folder, "varnish");
  await mkdir(folder, { recursive: true });
  const [port = 0] = await freePorts(1);
  const args = ["-F", "-n", folder, "-a", `127.0.0.1:${port}`, "-b", `127.0.0.1:${options.originPort}`];
  const memory = ["-s", "malloc,256m", "-T", "none", "-j", "none"];
  return startPeer(options, {
    name: "varnish",
    version,
    command: "/usr/sbin/varnishd",
    args: [...args, ...memory],
    port,
  });
}

async function startPeer(
  options: PeerCacheOptions,
  peer: {
    readonly name: PeerCache["name"];
    readonly version: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly port: number;
  },
): Promise<PeerCache> {
  const { name, version, command, args, port } = peer;
  const child = await ChildProcess.start({ name, command, args, env: options.env });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await child.stop(5_000);
  };
  try {
    await waitForAnswer(child, { url: `${url}${options.healthPath}`, host: "bench.test", deadlineMs: 20_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, version, url, stop };
}

async function findVersion(
  { env }: PeerCacheOptions,
  { command, args }: { readonly command: string; readonly args: readonly string[] },
): Promise<string | null> {
  try {
    const { stdout, stderr } = await runToEnd({ name: command, command, args, env }, 10_000);
    return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? null;
  } catch {
    return null;
  }
}
