/**
 * A NATS server of a test's or a scenario's own, with JetStream in a temporary folder, on a port of loopback, gone with `stop`. The program is the system's.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "./free-port.ts";

export interface NatsServer {
  /** `nats://127.0.0.1:PORT`, without a login. */
  readonly url: string;
  readonly port: number;
  /** Every consumer of a stream is lost, as with a server of a cluster; connections stay. How many there were. */
  loseConsumers(stream: string): Promise<number>;
  /** Ends the server at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again over the same files, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export type NatsAvailability =
  { readonly kind: "available"; readonly program: string } | { readonly kind: "missing"; readonly reason: string };

/** Where the program is: in PATH, or where Debian puts it. */
export function findNats(path: string = process.env["PATH"] ?? ""): NatsAvailability {
  for (const folder of [...path.split(delimiter), "/usr/sbin"]) {
    const program = join(folder, "nats-server");
    if (folder !== "" && isProgram(program)) return { kind: "available", program };
  }
  return { kind: "missing", reason: "nats-server is neither in PATH nor in /usr/sbin (Debian package nats-server)" };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const startMs = 30_000;

/** `configuration`: lines for the server's file beside address and storage. @throws when it does not start, with what it said. */
export async function startNats(configuration: readonly string[] = []): Promise<NatsServer> {
  const found = findNats();
  if (found.kind === "missing") throw new Error(found.reason);
  const folder = await mkdtemp(join(tmpdir(), "selvage-nats-"));
  const [port = 0] = await freePorts(1);
  const file = join(folder, "server.conf");
  const lines = [`listen: "127.0.0.1:${String(port)}"`, `jetstream { store_dir: "${folder}" }`, ...configuration];
  await writeFile(file, lines.join("\n"));
  let running = await launch(found.program, file);
  return {
    url: `nats://127.0.0.1:${String(port)}`,
    port,
    async loseConsumers(stream) {
      const listed = await ask(port, { subject: `$JS.API.CONSUMER.NAMES.${stream}`, body: "{}" });
      const { consumers } = JSON.parse(listed) as { readonly consumers: readonly string[] };
      for (const name of consumers) await ask(port, { subject: `$JS.API.CONSUMER.DELETE.${stream}.${name}`, body: "" });
      return consumers.length;
    },
    kill: () => end(running, "SIGKILL"),
    async start() {
      running = await launch(found.program, file);
    },
    async stop() {
      await end(running, "SIGTERM");
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

async function launch(program: string, file: string): Promise<ChildProcess> {
  const child = spawn(program, ["-c", file], { stdio: ["ignore", "ignore", "pipe"], env: {} });
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  const timer = setTimeout(() => ready.reject(new Error("nats-server did not start in time")), startMs);
  child.on("error", ready.reject);
  child.on("exit", () => ready.reject(new Error(`nats-server ended while it started: ${said.join("\n")}`)));
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (said.length < 20) said.push(line);
    if (line.includes("Server is ready")) ready.resolve();
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
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  else resolve();
  return promise;
}

/** One request over a connection of its own (https://docs.nats.io/reference/reference-protocols/nats-protocol); its answer's body. */
async function ask(
  port: number,
  { subject, body }: { readonly subject: string; readonly body: string },
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const answer = Promise.withResolvers<string>();
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const found = /MSG answer 1 (\d+)\r\n([\s\S]*)$/.exec(text);
    const [, length = "0", rest = ""] = found ?? [];
    if (found !== null && rest.length >= Number(length) + 2) answer.resolve(rest.slice(0, Number(length)));
  });
  socket.on("error", answer.reject);
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\nSUB answer 1\r\n');
  socket.write(`PUB ${subject} answer ${String(Buffer.byteLength(body))}\r\n${body}\r\n`);
  try {
    return await answer.promise;
  } finally {
    socket.destroy();
  }
}
