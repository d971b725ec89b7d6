/**
 * Everything the demo runs: an origin, a control plane, a node, and the real command line tool that publishes and binds the examples.
 *
 * Invariant: `stop` ends every process that was started and deletes the temporary folder; no setting of the user's shell takes part.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendRequest, type Answer, type Exchange } from "../../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../../bench/harness/local-fleet.ts";
import { projectRoot } from "../../bench/harness/project-files.ts";
import { waitFor } from "../../bench/harness/wait-for.ts";
import { freePort } from "../../sdk/cli/processes/free-port.ts";
import { startOrigin, type DemoOrigin } from "./origin.ts";

export const demoDomain = "docs.example.test";
export const packagesFolder: string = join(projectRoot, "node_modules");

const SERVED_MS_MAX = 20_000;
const LOOK_EVERY_MS = 5;
const CHANGED_FROM = '"/swagger-ui-dist/swagger-ui-es-bundle.js"';
const CHANGED_TO = '"/swagger-ui-dist/swagger-ui-es-bundle-core.js"';

export interface WorldOptions {
  /** `PATH` and `HOME` for the processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Told each command before it runs, and the first line of what it said. */
  readonly tell: (text: string) => void;
}

export class DemoWorld {
  readonly origin: DemoOrigin;
  readonly fleet: LocalFleet;
  readonly node: FleetNode;
  /** HS256 key of the tokens that jwt-gate accepts. */
  readonly jwtSecret: string = randomBytes(32).toString("hex");
  readonly #signingKey: string;
  readonly #folder: string;
  readonly #tell: (text: string) => void;

  private constructor(parts: {
    origin: DemoOrigin;
    fleet: LocalFleet;
    node: FleetNode;
    signingKey: string;
    folder: string;
    tell: WorldOptions["tell"];
  }) {
    this.origin = parts.origin;
    this.fleet = parts.fleet;
    this.node = parts.node;
    this.#signingKey = parts.signingKey;
    this.#folder = parts.folder;
    this.#tell = parts.tell;
  }

  /** Starts everything; what was started is ended again when a later part does not start. */
  static async start(options: WorldOptions): Promise<DemoWorld> {
    const signingKey = randomBytes(32).toString("hex");
    const folder = await mkdtemp(join(tmpdir(), "selvage-demo-"));
    const packages = ["swagger-ui-dist", "jose", "hono"];
    const origin = await startOrigin({ packagesFolder, packages, signingKey, now: Date.now });
    const started: { fleet: LocalFleet | null } = { fleet: null };
    try {
      const fleet = await LocalFleet.start({ folder, env: options.env, controlPort: await freePort(8700) });
      started.fleet = fleet;
      const node = await fleet.startNode({
        name: "demo-node",
        ports: { edge: await freePort(8080), admin: await freePort(8081) },
        // The origin is on this machine; without this, origins in private networks are refused.
        settings: { SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8" },
      });
      return new DemoWorld({ origin, fleet, node, signingKey, folder, tell: options.tell });
    } catch (error) {
      await started.fleet?.stop();
      await origin.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      throw error;
    }
  }

  /** The request for a path of the demo's domain. */
  ask(path: string, headers: Readonly<Record<string, string>> = {}): Exchange {
    return { url: `${this.node.edgeUrl}${path}`, host: demoDomain, headers };
  }

  send(exchange: Exchange): Promise<Answer> {
    return sendRequest(exchange);
  }

  async createDomain(): Promise<void> {
    await this.#selvage(["domains", "set", demoDomain, "--origin", `http://127.0.0.1:${this.origin.port}`]);
  }

  async publishExamples(): Promise<void> {
    await this.#publish("ab-rewrite", {});
    await this.#publish("jwt-gate", { JWT_SECRET: this.jwtSecret });
    await this.#publish("origin-signer", { SIGNING_KEY: this.#signingKey });
    await this.#publish("hono-api", {});
  }

  async bindExamples(): Promise<void> {
    await this.#selvage(["rules", "set", demoDomain, "test/demo/demo-rules.yaml"]);
  }

  /** Publishes ab-rewrite with one line changed, from a copy of its folder. */
  async publishChangedRewrite(): Promise<void> {
    const copy = join(this.#folder, "ab-rewrite");
    await cp(join(projectRoot, "sdk/examples/ab-rewrite"), copy, { recursive: true });
    const file = join(copy, "src/index.ts");
    const source = await readFile(file, "utf8");
    if (!source.includes(CHANGED_FROM)) throw new Error(`Cannot change ab-rewrite: it does not hold ${CHANGED_FROM}`);
    await writeFile(file, source.replace(CHANGED_FROM, CHANGED_TO));
    await this.#selvage(["publish", copy, "--alias", "prod"]);
  }

  async rollbackRewrite(): Promise<void> {
    await this.#selvage(["rollback", "ab-rewrite", "prod"]);
  }

  /** Milliseconds from starting `command` to the first answer with a body of `bytes`. */
  async timeUntilServed(change: {
    readonly exchange: Exchange;
    readonly bytes: number;
    readonly command: () => Promise<void>;
  }): Promise<number> {
    const startedAt = performance.now();
    const served = waitFor(
      async () => ((await this.send(change.exchange)).body.length === change.bytes ? performance.now() : null),
      { what: `an answer of ${change.bytes} bytes`, deadlineMs: SERVED_MS_MAX, everyMs: LOOK_EVERY_MS },
    );
    const [servedAt] = await Promise.all([served, change.command()]);
    return Math.round(servedAt - startedAt);
  }

  /** Ends everything. Idempotent. */
  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.origin.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** Secrets reach the command line tool by its environment, so that no list of processes shows them. */
  #publish(name: string, secrets: Readonly<Record<string, string>>): Promise<void> {
    const flags = Object.keys(secrets).flatMap((key) => ["--secret", key]);
    return this.#selvage(["publish", `sdk/examples/${name}`, "--alias", "prod", ...flags], secrets);
  }

  /** Runs the command line tool in the checkout, as a user would. */
  async #selvage(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#tell(`$ selvage ${args.join(" ")}`);
    const { code, stdout, stderr } = await this.fleet.cli(args, { cwd: projectRoot, env });
    if (code !== 0) throw new Error(`selvage ${args[0]} failed with exit code ${code}: ${stderr}${stdout}`);
    for (const line of stdout.trim().split("\n").slice(-1)) this.#tell(`  ${line}`);
  }
}
