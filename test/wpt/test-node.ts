/**
 * A control plane and a node as an operator would run them, and the way of one test through them: published as a version of a function,
 * asked once over HTTP. Each test so has isolates that no other test ever touched.
 */
import { publishInline, setDomain } from "../../bench/harness/fleet-setup.ts";
import { sendRequest } from "../../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../../bench/harness/local-fleet.ts";
import { parseRunResult, type RunResult } from "./subtest.ts";

/** Beyond what the function may take: an answer that never comes is the node's fault. */
const answerGraceMs = 30_000;

export interface TestNodeOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Tests under way at once. */
  readonly lanes: number;
  readonly driver: "process" | "in-process";
}

export class TestNode {
  readonly #fleet: LocalFleet;
  readonly #node: FleetNode;

  private constructor(fleet: LocalFleet, node: FleetNode) {
    this.#fleet = fleet;
    this.#node = node;
  }

  static async start(options: TestNodeOptions): Promise<TestNode> {
    const fleet = await LocalFleet.start({ folder: options.folder, env: options.env });
    try {
      const node = await fleet.startNode({
        name: "wpt",
        settings: {
          SELVAGE_NODE_DRIVER: options.driver,
          SELVAGE_NODE_FRONTS: "1",
          SELVAGE_NODE_EGRESS_ALLOW_NETWORKS: "127.0.0.0/8",
        },
      });
      for (let lane = 0; lane < options.lanes; lane += 1) await prepareLane(fleet, lane);
      return new TestNode(fleet, node);
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  /** Publishes a program and gives its answer; whatever goes wrong is the result's `problem`. */
  async run(
    program: string,
    { lane, guardMs }: { readonly lane: number; readonly guardMs: number },
  ): Promise<RunResult> {
    try {
      await this.#fleet.client.publish(functionName(lane), {
        source: { kind: "bundle", code: program, sourceMap: null },
        limits: limits(guardMs),
        // Tests look at what `eval` of their own text gives.
        allowEval: true,
        snapshot: false,
        waitSeconds: 30,
      });
      const answer = await sendRequest({
        url: `${this.#node.edgeUrl}/`,
        host: hostName(lane),
        deadlineMs: guardMs * 2 + answerGraceMs,
      });
      if (answer.status !== 200) return failed(`the node answered ${answer.status}: ${answer.body.toString()}`);
      return parseRunResult(answer.body.toString());
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** What the node has logged. */
  get output(): string {
    return this.#node.output;
  }

  stop(): Promise<void> {
    return this.#fleet.stop();
  }
}

/** `latest`: each publish replaces the test before it in the same revision. */
async function prepareLane(fleet: LocalFleet, lane: number): Promise<void> {
  const name = functionName(lane);
  await publishInline(fleet, { name, code: "export default { fetch: () => new Response() };" });
  const rule = { phase: "fetch", matchType: "all", function: name, version: "latest", priority: 1 } as const;
  await setDomain(fleet, { domain: hostName(lane), rules: [rule] });
}

function functionName(lane: number): string {
  return `wpt-lane-${lane}`;
}

function hostName(lane: number): string {
  return `lane-${lane}.wpt.test`;
}

/** A test suite is one long request: what protects a node from that is not what is tested here. */
function limits(guardMs: number): { readonly [name: string]: number } {
  return {
    cpuMs: 30_000,
    fetchWallMs: guardMs * 2,
    memoryMiB: 512,
    subrequestsMax: 1_000,
    bufferedBodyMiB: 64,
    instancesMax: 1,
  };
}

function failed(problem: string): RunResult {
  return { problem, subtests: [] };
}
