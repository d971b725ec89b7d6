/**
 * A real control plane on a free port of loopback with its own folder, and short words to talk to it.
 *
 * `close` ends it and removes its files; `restart` opens the same folder again.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../../control-plane/clock.ts";
import type { ControlPlaneConfig } from "../../control-plane/config.ts";
import { silentLogger, type Logger } from "../../control-plane/logger.ts";
import { startControlPlane, type ControlPlane } from "../../control-plane/server.ts";
import type { PublishResult, TokenCreated, TokenRole } from "../../sdk/api.ts";
import type { ErrorBody } from "../../sdk/error-code.ts";

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface CallOptions {
  /** Default: the administrator's. Null: none. */
  readonly token?: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly text?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Default: as good as none. */
type TestRates = Partial<Pick<ControlPlaneConfig, "requestsPerAddress" | "requestsPerToken" | "wrongTokensPerAddress">>;

export interface StartOptions extends TestRates {
  readonly logger?: Logger;
  /** Default: the system's. One that stands still ends no deadline. */
  readonly clock?: Clock;
  /** A PostgreSQL database; default: a store of its own. */
  readonly store?: string | null;
  /** NATS with JetStream; default: a queue of its own. */
  readonly callQueue?: string | null;
  readonly masterKeyFile?: string;
}

export const adminToken = "slv_administrator_of_the_tests";

export class TestControlPlane {
  readonly folder: string;
  readonly #options: StartOptions;
  #running: ControlPlane;

  private constructor(folder: string, options: StartOptions & { readonly running: ControlPlane }) {
    this.folder = folder;
    this.#running = options.running;
    this.#options = options;
  }

  static async start(options: StartOptions = {}): Promise<TestControlPlane> {
    const folder = await mkdtemp(join(tmpdir(), "selvage-control-"));
    return new TestControlPlane(folder, { ...options, running: await open(folder, options) });
  }

  /** On what is in `folder`. */
  static async startIn(folder: string, options: StartOptions = {}): Promise<TestControlPlane> {
    return new TestControlPlane(folder, { ...options, running: await open(folder, options) });
  }

  get url(): string {
    return this.#running.url;
  }

  async call<T = unknown>(request: `${string} /${string}`, options: CallOptions = {}): Promise<Answer<T>> {
    const [method = "GET", path = "/"] = request.split(" ");
    const token = options.token === undefined ? adminToken : options.token;
    const body = options.text ?? (options.body === undefined ? null : JSON.stringify(options.body));
    const response = await fetch(this.url + path, {
      method,
      body,
      headers: {
        ...options.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === null ? {} : { "content-type": options.contentType ?? "application/json" }),
      },
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
  }

  /** A call that must succeed. */
  async ok<T = unknown>(request: `${string} /${string}`, options: CallOptions = {}): Promise<T> {
    const { status, body } = await this.call<T>(request, options);
    if (status >= 300) throw new Error(`${request} answered ${String(status)}: ${JSON.stringify(body)}`);
    return body;
  }

  /** A call that must be refused: status, code and problems as `path: message`. */
  async refusal(request: `${string} /${string}`, options: CallOptions = {}): Promise<Refusal> {
    const { status, body } = await this.call<ErrorBody>(request, options);
    const { code, message, problems = [] } = body.error;
    return { status, code, message, problems: problems.map((problem) => `${problem.path}: ${problem.message}`) };
  }

  async createToken(role: TokenRole): Promise<TokenCreated> {
    return this.ok<TokenCreated>("POST /v1/tokens", { body: { name: `a ${role}`, role } });
  }

  /** The token in the file for nodes of the same machine. */
  async nodeToken(): Promise<string> {
    return (await readFile(join(this.folder, "node-token"), "utf8")).trim();
  }

  /** Publishes inline code without waiting for nodes; the function is created when it does not exist. */
  async publish(name: string, code: string, options: Readonly<Record<string, unknown>> = {}): Promise<PublishResult> {
    await this.call("POST /v1/functions", { body: { name } });
    const source = { kind: "inline", code, language: "ts" };
    return this.ok<PublishResult>(`POST /v1/functions/${name}/versions`, {
      body: { source, snapshot: false, waitSeconds: 0, ...options },
    });
  }

  async restart(): Promise<void> {
    await this.#running.close();
    this.#running = await open(this.folder, this.#options);
  }

  /** Leaves its files. */
  async stop(): Promise<void> {
    await this.#running.close();
  }

  async close(): Promise<void> {
    await this.#running.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly problems: string[];
}

/** A module that answers `text`, and differs from others by it. */
export function answering(text: string): string {
  return `export default { fetch() { return new Response(${JSON.stringify(text)}) } };`;
}

/** A module with a clientRequest hook only. */
export function passing(mark: string): string {
  return `export default { clientRequest(request: Request) { request.headers.set("x-mark", ${JSON.stringify(mark)}) } };`;
}

function open(folder: string, options: StartOptions): Promise<ControlPlane> {
  const { clock = systemClock, logger = silentLogger, store = null, callQueue = null, ...rest } = options;
  const { masterKeyFile = join(folder, "master.key"), ...rates } = rest;
  return startControlPlane(
    {
      host: "127.0.0.1",
      port: 0,
      data: folder,
      destinationAllowNetworks: ["127.0.0.0/8"],
      codeAllowNetworks: ["127.0.0.0/8"],
      masterKeyFile,
      store,
      callQueue,
      callQueueCredentialsFile: null,
      callQueueStream: "SELVAGE_CALLS",
      callQueueReplicas: 1,
      callQueueMaxMib: 16,
      backupFolder: join(folder, "backups"),
      backupEveryMinutes: 0,
      backupKeepDays: 7,
      auditKeepDays: 7,
      adminToken,
      requestsPerAddress: 1_000_000,
      requestsPerToken: 1_000_000,
      wrongTokensPerAddress: 1_000_000,
      ...rates,
      logLevel: "silent",
    },
    { clock, logger, announce: () => {}, nodePath: process.execPath },
  );
}
