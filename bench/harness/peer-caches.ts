/**
 * nginx and Varnish as caches in front of one origin, with one worker each, for scenarios that compare with them where they are installed.
 *
 * Their configurations ask for what Selvage does: keep what may be kept, reuse connections to the origin, no access log. Invariant: each is
 * ended by its process id, and all of its files lie in the given folder.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { ChildProcess, runToEnd } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
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
    for (const start of [startNginx, startVarnish]) {
      const peer = await start(options);
      if (peer !== null) started.push(peer);
    }
    return started;
  } catch (error) {
    await Promise.all(started.map((peer) => peer.stop()));
    throw error;
  }
}

async function startNginx(options: PeerCacheOptions): Promise<PeerCache | null> {
  const version = await findVersion(options, { command: "/usr/sbin/nginx", args: ["-v"] });
  if (version === null) return null;
  const folder = join(options.folder, "nginx");
  await mkdir(join(folder, "cache"), { recursive: true });
  const [port = 0] = await freePorts(1);
  const file = join(folder, "nginx.conf");
  await writeFile(file, nginxConfiguration({ folder, port, originPort: options.originPort }));
  const args = ["-p", folder, "-c", file, "-e", join(folder, "error.log")];
  return startPeer(options, { name: "nginx", version, command: "/usr/sbin/nginx", args, port });
}

function nginxConfiguration(with_: {
  readonly folder: string;
  readonly port: number;
  readonly originPort: number;
}): string {
  const { folder, port, originPort } = with_;
  const { uid, username } = userInfo();
  // Started by root its worker would change to a user who may not enter the folder; others may not name a user.
  return `${uid === 0 ? `user ${username};\n` : ""}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=main:16m max_size=1g inactive=1h use_temp_path=off;
  open_file_cache max=1000 inactive=60s;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    # What is never cached must not wait for the lock of what may be.
    location /pass/ {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_cache main;
      proxy_cache_lock on;
      add_header X-Cache $upstream_cache_status;
    }
  }
}
`;
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
