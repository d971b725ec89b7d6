/**
 * Runs nginx with one worker on loopback, with the configuration that a scenario gives it.
 *
 * Invariant: it is ended by its process id, and all of its files lie in the given folder.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { ChildProcess, runToEnd } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
import { waitForAnswer } from "./wait-for.ts";

export interface Nginx {
  readonly version: string;
  readonly url: string;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** Created. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** A path that is answered with 2xx. */
  readonly healthPath: string;
  /** What stands in `http` beside the server; `${folder}` is the folder. */
  readonly http?: string;
  /** What stands in `server` beside its port. */
  readonly server: string;
  /** A script for the njs module, imported as `main`. */
  readonly script?: string;
}

const command = "/usr/sbin/nginx";
/** Where Debian's libnginx-mod-http-js puts it. */
const njsModule = "/usr/lib/nginx/modules/ngx_http_js_module.so";
const startMs = 20_000;

/** Whether the njs module is installed. */
export function hasNjs(): boolean {
  return existsSync(njsModule);
}

/** Null when nginx, or the njs module that a script needs, is not installed. @throws Error when it does not answer within 20 s. */
export async function startNginx(options: NginxOptions): Promise<Nginx | null> {
  const { env, folder, script } = options;
  const version = await nginxVersion(env);
  if (version === null || (script !== undefined && !hasNjs())) return null;
  await mkdir(folder, { recursive: true });
  const [port = 0] = await freePorts(1);
  if (script !== undefined) await writeFile(join(folder, "main.js"), script);
  const file = join(folder, "nginx.conf");
  await writeFile(file, configuration(options, port));
  const args = ["-p", folder, "-c", file, "-e", join(folder, "error.log")];
  const child = await ChildProcess.start({ name: "nginx", command, args, env });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await child.stop(5_000);
  };
  try {
    await waitForAnswer(child, { url: `${url}${options.healthPath}`, host: "bench.test", deadlineMs: startMs });
  } catch (error) {
    await stop();
    throw error;
  }
  return { version, url, stop };
}

async function nginxVersion(env: NginxOptions["env"]): Promise<string | null> {
  try {
    const { stdout, stderr } = await runToEnd({ name: command, command, args: ["-v"], env }, 10_000);
    return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? null;
  } catch {
    return null;
  }
}

function configuration({ folder, http = "", server, script }: NginxOptions, port: number): string {
  const { uid, username } = userInfo();
  const filled = http.replaceAll("${folder}", folder);
  // Started by root its worker would change to a user who may not enter the folder; others may not name a user.
  return `${script === undefined ? "" : `load_module ${njsModule};\n`}${uid === 0 ? `user ${username};\n` : ""}daemon off;
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
${script === undefined ? "" : `  js_path ${folder};\n  js_import main from main.js;\n`}${filled}
  server {
    listen 127.0.0.1:${port} backlog=4096;
${server}
  }
}
`;
}
