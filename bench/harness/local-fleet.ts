/**
 * A control plane and any number of nodes as real processes on loopback, for scenarios, tests and the demo.
 *
 * Starts the programs as an operator would, by their entry files and `SELVAGE_*` variables. Invariant: `stop` ends every process
 * that was started, by its id; all files lie in the given folder.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SelvageClient } from "../../sdk/client.ts";
import { ChildProcess, runToEnd } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
import { nodeBinary, projectRoot } from "./project-files.ts";
import { waitForAnswer } from "./wait-for.ts";

const START_MS = 30_000;
const CLI_MS = 120_000;

type Variables = Readonly<Record<string, string>>;

export interface FleetOptions {
  /** For databases, keys and caches; created. */
  readonly folder: string;
  /** What every process gets beside its settings: `PATH`, `HOME`. */
  readonly env: Variables;
  /** Default: a free port. */
  readonly controlPort?: number;
  /** `SELVAGE_*` variables of the control plane beside those set here. */
  readonly settings?: Variables;
}

export interface NodeOptions {
  /** Unique in the fleet. */
  readonly name: string;
  /** `SELVAGE_*` variables beside those set here. */
  readonly settings: Variables;
  /** Default: free ports. */
  readonly ports?: { readonly edge: number; readonly admin: number };
}

export class LocalFleet {
  readonly folder: string;
  readonly controlUrl: string;
  readonly client: SelvageClient;
  readonly adminToken: string;
  readonly #options: FleetOptions;
  readonly #controlPort: number;
  readonly #nodes: FleetNode[] = [];
  #controlPlane: ChildProcess | null = null;

  private constructor(options: FleetOptions, controlPort: number) {
    this.#options = options;
    this.#controlPort = controlPort;
    this.folder = options.folder;
    this.controlUrl = `http://127.0.0.1:${controlPort}`;
    this.adminToken = `slv_${randomBytes(32).toString("base64url")}`;
    this.client = new SelvageClient({ url: this.controlUrl, token: this.adminToken });
  }

  /** Starts the control plane and waits until it is healthy. */
  static async start(options: FleetOptions): Promise<LocalFleet> {
    const [freePort = 0] = await freePorts(1);
    const fleet = new LocalFleet(options, options.controlPort ?? freePort);
    await mkdir(options.folder, { recursive: true });
    try {
      await fleet.startControlPlane();
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  /** Starts (or starts again) the control plane and waits until it is healthy. */
  async startControlPlane(): Promise<void> {
    const { env, folder, settings } = this.#options;
    this.#controlPlane = await ChildProcess.start({
      name: "control plane",
      command: nodeBinary,
      args: ["--no-node-snapshot", join(projectRoot, "control-plane/main.ts")],
      env: {
        ...env,
        SELVAGE_CONTROL_PLANE_PORT: String(this.#controlPort),
        SELVAGE_CONTROL_PLANE_DATA: join(folder, "control-plane"),
        SELVAGE_ADMIN_TOKEN: this.adminToken,
        ...settings,
      },
      cwd: folder,
    });
    await waitForAnswer(this.#controlPlane, { url: `${this.controlUrl}/healthz`, deadlineMs: START_MS });
  }

  /** Everything the control plane has printed since it was started last. */
  get controlPlaneOutput(): string {
    return `${this.#controlPlane?.stdout ?? ""}${this.#controlPlane?.stderr ?? ""}`;
  }

  /** kill -9, as a crash would be. */
  async killControlPlane(): Promise<void> {
    await this.#controlPlane?.kill();
  }

  /** Starts one more node and waits until it is healthy. */
  async startNode(options: NodeOptions): Promise<FleetNode> {
    const { token } = await this.client.createToken({ name: options.name, role: "node" });
    const [freeEdge = 0, freeAdmin = 0] = await freePorts(2);
    const { edge, admin } = options.ports ?? { edge: freeEdge, admin: freeAdmin };
    const variables = {
      ...this.#options.env,
      SELVAGE_CONTROL: this.controlUrl,
      SELVAGE_NODE_TOKEN: token,
      SELVAGE_NODE_NAME: options.name,
      SELVAGE_NODE_HOST: "127.0.0.1",
      SELVAGE_NODE_PORT: String(edge),
      SELVAGE_NODE_ADMIN_PORT: String(admin),
      SELVAGE_NODE_DATA: join(this.folder, options.name),
      ...options.settings,
    };
    const node = new FleetNode({ name: options.name, variables, edge, admin, cwd: this.folder });
    this.#nodes.push(node);
    await node.start();
    return node;
  }

  /** Runs the real command line tool against this control plane. */
  cli(
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: Variables } = {},
  ): ReturnType<typeof runToEnd> {
    const { cwd = this.folder, env = {} } = options;
    const variables = {
      ...this.#options.env,
      ...env,
      SELVAGE_URL: this.controlUrl,
      SELVAGE_TOKEN: this.adminToken,
    };
    const script = join(projectRoot, "sdk/cli/selvage.mjs");
    const command = { name: `selvage ${args[0] ?? ""}`, command: nodeBinary, args: [script, ...args] };
    return runToEnd({ ...command, env: variables, cwd }, CLI_MS);
  }

  /** Ends everything; nodes first, so that they drain while the control plane still takes their logs. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.#controlPlane?.stop();
  }
}

interface FleetNodeOptions {
  readonly name: string;
  readonly variables: Variables;
  readonly edge: number;
  readonly admin: number;
  readonly cwd: string;
}

export class FleetNode {
  readonly name: string;
  readonly edgeUrl: string;
  readonly adminUrl: string;
  readonly #options: FleetNodeOptions;
  #process: ChildProcess | null = null;

  constructor(options: FleetNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.edgeUrl = `http://127.0.0.1:${options.edge}`;
    this.adminUrl = `http://127.0.0.1:${options.admin}`;
  }

  /** Of the supervisor. */
  get pid(): number {
    if (this.#process === null) throw new Error(`The node ${this.name} was never started`);
    return this.#process.pid;
  }

  /** Everything the node has printed since it was started last. */
  get output(): string {
    return `${this.#process?.stdout ?? ""}${this.#process?.stderr ?? ""}`;
  }

  /** Starts the process without waiting for anything. */
  async spawn(): Promise<ChildProcess> {
    const { name, variables, cwd } = this.#options;
    const args = ["--no-node-snapshot", join(projectRoot, "edge-node/main.ts")];
    this.#process = await ChildProcess.start({ name: `node ${name}`, command: nodeBinary, args, env: variables, cwd });
    return this.#process;
  }

  /** Starts the process and waits until the node is healthy. */
  async start(): Promise<void> {
    await waitForAnswer(await this.spawn(), { url: `${this.adminUrl}/healthz`, deadlineMs: START_MS });
  }

  /** Orderly: requests in flight are answered first. Idempotent. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** kill -9 of the supervisor, as a crash would be. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}
