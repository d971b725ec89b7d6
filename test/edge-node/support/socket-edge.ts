/** A front whose function runs in a real isolate, and WebSocket clients for it. */
import net from "node:net";
import { Agent, WebSocket } from "undici";
import { nodeRuntimeEnvironment } from "../../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../../runtime/local-driver.ts";
import type { FunctionLimits } from "../../../sdk/limits.ts";
import { versionOf } from "../../runtime/driver-fixtures.ts";
import { guestCode } from "../../runtime/guest-code.ts";
import { startEdge, type Edge, type EdgeOptions } from "./edge.ts";
import { textOutcome } from "./function-driver.ts";

export interface SocketEdge extends Edge {
  /** Lines the functions logged. */
  readonly lines: () => readonly string[];
}

/** `modules`: default exports by function name. Without `rules` each is the `fetch` rule of the path `/NAME`. */
export async function startSocketEdge(
  modules: Readonly<Record<string, string>>,
  options: EdgeOptions & { readonly limits?: Partial<FunctionLimits> } = {},
): Promise<SocketEdge> {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  for (const [name, module] of Object.entries(modules)) {
    await driver.load({ ...versionOf(module, options.limits ?? {}), key: `${name}@v1`, function: name });
  }
  const names = Object.keys(modules);
  const edge = await startEdge({
    functions: Object.fromEntries(names.map((name) => [name, () => textOutcome("not this driver")])),
    rules: names.map((name) => ({ phase: "fetch", function: name, matchType: "directory", matchContent: `/${name}/` })),
    ...options,
    front: { driver, ...options.front },
  });
  return {
    ...edge,
    lines: () => edge.logs.flatMap((log) => (log.kind === "line" ? [log.message] : [])),
    close: async () => {
      await edge.close();
      await driver.close();
    },
  };
}

/** What a client saw: `open PROTOCOL`, messages (bytes as a list), `error`, `close CODE REASON CLEAN`. */
export class Client {
  readonly socket: WebSocket;
  readonly seen: (string | readonly number[])[] = [];
  readonly #agent: Agent;
  #wake: () => void = () => {};

  constructor(port: number, path: string, protocols: readonly string[] = []) {
    this.#agent = new Agent({
      connect: {
        lookup: (_name, options, callback) => {
          if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
          else callback(null, "127.0.0.1", 4);
        },
      },
      webSocket: { maxPayloadSize: 0 },
    });
    const socket = new WebSocket(`ws://site.test:${port}${path}`, {
      protocols: [...protocols],
      dispatcher: this.#agent,
    });
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#note(`open ${socket.protocol}`));
    socket.addEventListener("message", (event) => {
      const data = event.data as string | ArrayBuffer;
      this.#note(typeof data === "string" ? data : [...new Uint8Array(data)]);
    });
    socket.addEventListener("error", () => this.#note("error"));
    socket.addEventListener("close", ({ code, reason, wasClean }) => {
      this.#note(`close ${code} ${reason} ${wasClean}`);
      void this.#agent.destroy();
    });
    this.socket = socket;
  }

  /** Resolves with everything seen once there are `count` things. */
  async sees(count: number): Promise<readonly unknown[]> {
    while (this.seen.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.seen.slice(0, count);
  }

  /** The last thing a client sees. */
  async closed(): Promise<string> {
    const isClose = (entry: unknown): entry is string => typeof entry === "string" && entry.startsWith("close ");
    while (!this.seen.some(isClose)) await this.sees(this.seen.length + 1);
    return this.seen.find(isClose) ?? "";
  }

  #note(entry: string | readonly number[]): void {
    this.seen.push(entry);
    this.#wake();
  }
}

/** Sends an upgrade by hand and resolves with the socket and the head that was answered. */
export function upgradeByHand(
  port: number,
  path: string,
  fields: readonly string[] = [],
): Promise<{ readonly socket: net.Socket; readonly head: string }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    const lines = [
      `GET ${path} HTTP/1.1`,
      "Host: site.test",
      "Connection: keep-alive, Upgrade",
      "Upgrade: WebSocket",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...(fields.some((field) => field.startsWith("Sec-WebSocket-Version")) ? [] : ["Sec-WebSocket-Version: 13"]),
      ...fields,
    ];
    socket.on("error", reject);
    socket.once("data", (chunk) => resolve({ socket, head: chunk.toString("latin1") }));
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

/** A frame of a client, masked with zeros. */
export function frameOf(
  text: string,
  { opcode, isLast }: { readonly opcode: number; readonly isLast: boolean },
): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
