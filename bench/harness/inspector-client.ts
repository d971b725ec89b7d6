/**
 * Takes a CPU profile of a running Node.js process from outside, over the inspector that SIGUSR1 opens (127.0.0.1:9229).
 *
 * Not for isolate hosts: their permission model and their sandbox have neither inspector nor sockets. Invariant: every wait has a deadline.
 */
import { runToEnd } from "./child-process.ts";
import { sendRequest } from "./http-exchange.ts";
import { waitFor } from "./wait-for.ts";
import type { CpuProfile } from "../profile/cpu-profile.ts";

const INSPECTOR = "http://127.0.0.1:9229";
const ANSWER_MS = 20_000;
const INTERVAL_US = 500;

interface Target {
  readonly webSocketDebuggerUrl: string;
}

/** Profiles process `pid` while `load` runs. @throws Error when its inspector does not answer, or another process has that port. */
export async function profileWhile(
  pid: number,
  { load, env }: { readonly load: () => Promise<unknown>; readonly env: Readonly<Record<string, string>> },
): Promise<CpuProfile> {
  await runToEnd({ name: "kill", command: "/bin/kill", args: ["-USR1", String(pid)], env }, ANSWER_MS);
  const url = await waitFor(findTarget, {
    what: `the inspector of process ${pid}`,
    deadlineMs: ANSWER_MS,
    everyMs: 50,
  });
  const session = await InspectorSession.open(url);
  try {
    const self = (await session.ask("Runtime.evaluate", { expression: "process.pid" })) as {
      result: { value: unknown };
    };
    if (self.result.value !== pid) throw new Error(`${INSPECTOR} belongs to process ${String(self.result.value)}`);
    await session.ask("Profiler.enable", {});
    await session.ask("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    await session.ask("Profiler.start", {});
    await load();
    const { profile } = (await session.ask("Profiler.stop", {})) as { readonly profile: CpuProfile };
    // Gives the port back for the next process.
    await session.ask("Runtime.evaluate", {
      expression: "setTimeout(() => process.getBuiltinModule('node:inspector').close(), 10); 0",
    });
    return profile;
  } finally {
    session.close();
  }
}

async function findTarget(): Promise<string | null> {
  const answer = await sendRequest({ url: `${INSPECTOR}/json/list` });
  const [target] = JSON.parse(answer.body.toString()) as readonly Target[];
  return target?.webSocketDebuggerUrl ?? null;
}

class InspectorSession {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown };
      if (message.id === undefined) return;
      this.#waiting.get(message.id)?.resolve(message.result);
      this.#waiting.delete(message.id);
    });
  }

  static async open(url: string): Promise<InspectorSession> {
    const socket = new WebSocket(url);
    const opened = Promise.withResolvers<undefined>();
    socket.addEventListener("open", () => opened.resolve(undefined));
    socket.addEventListener("error", () => opened.reject(new Error(`Cannot connect to ${url}`)));
    await opened.promise;
    return new InspectorSession(socket);
  }

  async ask(method: string, params: object): Promise<unknown> {
    const id = this.#next++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const timer = setTimeout(() => answer.reject(new Error(`${method}: no answer in ${ANSWER_MS} ms`)), ANSWER_MS);
    this.#socket.send(JSON.stringify({ id, method, params }));
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#socket.close();
  }
}
