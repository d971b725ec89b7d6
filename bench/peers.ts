/** What `npm run bench -- peers` says: the programs that scenarios use or compare with, and how to get those that are missing. */
import { runToEnd } from "./harness/child-process.ts";
import { projectRoot } from "./harness/project-files.ts";

interface Peer {
  readonly name: string;
  readonly command: string;
  readonly versionArgs: readonly string[];
  readonly use: string;
  readonly get: string;
}

const peers: readonly Peer[] = [
  {
    name: "wrk",
    command: "wrk",
    versionArgs: ["--version"],
    use: "load generator; without it autocannon (npm) is used, whose own ceiling is far lower",
    get: "apt-get install wrk",
  },
  {
    name: "workerd",
    command: `${projectRoot}/node_modules/workerd/bin/workerd`,
    versionArgs: ["--version"],
    use: "the peer of `hello` and `stream`",
    get: "npm ci (it is a development dependency)",
  },
  {
    name: "nginx",
    command: "/usr/sbin/nginx",
    versionArgs: ["-v"],
    use: "a peer of `hit`, `hook`, `disk` and `miss`",
    get: "apt-get install nginx (and stop the service it starts)",
  },
  {
    name: "njs",
    command: "/usr/bin/dpkg-query",
    versionArgs: ["-W", "libnginx-mod-http-js"],
    use: "nginx's JavaScript, the peer of `hello` and `hook`",
    get: "apt-get install libnginx-mod-http-js",
  },
  {
    name: "varnish",
    command: "/usr/sbin/varnishd",
    versionArgs: ["-V"],
    use: "a peer of `hit` and `miss`",
    get: "apt-get install varnish (and stop the service it starts)",
  },
];

/** One line per peer: whether it is here, what for, and how to get it when it is not. */
export async function describePeers(env: Readonly<Record<string, string>>): Promise<string> {
  const lines = await Promise.all(peers.map(async (peer) => describe(peer, await findVersion(peer, env))));
  return lines.join("\n");
}

function describe(peer: Peer, version: string | null): string {
  const state = version === null ? `missing; get it with: ${peer.get}` : `found (${version})`;
  return `${peer.name}: ${state}\n  ${peer.use}`;
}

async function findVersion(peer: Peer, env: Readonly<Record<string, string>>): Promise<string | null> {
  try {
    const options = { name: peer.name, command: peer.command, args: peer.versionArgs, env };
    const { stdout, stderr } = await runToEnd(options, 10_000);
    return `${stdout}${stderr}`.trim().split("\n")[0] ?? null;
  } catch {
    return null;
  }
}
