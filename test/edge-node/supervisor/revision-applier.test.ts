import { describe, expect, it } from "vitest";
import type { PreparedState, PrepareOptions } from "../../../edge-node/artifacts/prepare-versions.ts";
import type { PinResult } from "../../../edge-node/control/pinned-key.ts";
import { RevisionApplier } from "../../../edge-node/supervisor/revision-applier.ts";
import type { ApplyReport } from "../../../edge-node/supervisor/front-set.ts";
import type { DesiredState, NodeAck } from "../../../sdk/desired-state.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { Signer } from "../support/signed-release.ts";

const signer = new Signer();
const stateOf = (revision: number): DesiredState => signer.state(revision, []);
const applied: ApplyReport = { kind: "applied", failures: [], damaged: [] };

/** The parts around an applier, each doing what the test says and noting what it was asked. */
class Node {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly steps: string[] = [];
  readonly acks: Omit<NodeAck, "node">[] = [];
  pin: PinResult = { kind: "accepted" };
  saveFails = false;
  certificateFailures: PreparedState["certificateFailures"] = [];
  keptCertificates: DesiredState["certificates"] = [];
  readonly saved: DesiredState[] = [];
  prepare: (state: DesiredState, signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  apply: (revision: number) => Promise<ApplyReport> = () => Promise.resolve(applied);

  readonly applier = new RevisionApplier({
    preparer: {
      prepare: async (state: DesiredState, { signal }: PrepareOptions): Promise<PreparedState> => {
        this.steps.push(`prepare ${state.revision}`);
        await this.prepare(state, signal);
        return {
          state: { state, versions: [], certificates: [], failures: [] },
          digests: new Set([`digest-${state.revision}`]),
          certificateFailures: this.certificateFailures,
          kept: { ...state, certificates: this.keptCertificates },
        };
      },
      discard: (digests) => {
        this.steps.push(`discard ${digests.join()}`);
        return Promise.resolve();
      },
    },
    pinnedKey: { accept: () => Promise.resolve(this.pin) },
    fronts: {
      runtimeKey: "key",
      apply: ({ state }) => {
        this.steps.push(`apply ${state.revision}`);
        return this.apply(state.revision);
      },
    },
    stateFile: {
      save: (state) => {
        this.steps.push(`save ${state.revision}`);
        this.saved.push(state);
        return this.saveFails ? Promise.reject(new Error("disk full")) : Promise.resolve();
      },
    },
    source: null,
    onServed: (digests) => {
      this.steps.push(`in use ${[...digests].join()}`);
      return Promise.resolve();
    },
    onAck: (ack) => {
      this.steps.push(`ack ${ack.revision}`);
      this.acks.push(ack);
    },
    clock: this.clock,
    random: () => 0,
    logger: this.logger,
  });

  async offer(...revisions: number[]): Promise<void> {
    for (const revision of revisions) this.applier.offer(stateOf(revision));
    await settle();
  }
}

describe("RevisionApplier", () => {
  it("prepares, applies, keeps, acknowledges, in this order", async () => {
    const node = new Node();
    node.apply = async () => {
      await node.clock.advance(40);
      return applied;
    };
    await node.offer(3);
    await settle();
    expect(node.steps).toEqual(["prepare 3", "apply 3", "save 3", "ack 3", "in use digest-3"]);
    expect(node.acks).toEqual([{ revision: 3, applyMs: 40, failures: [] }]);
    expect(node.applier.applied).toEqual({ revision: 3, failures: [] });
  });

  it("acknowledges which certificates it does not serve, and keeps those that it serves", async () => {
    const node = new Node();
    const version = { function: "f", version: "v1", code: "FUNCTION_LOAD_FAILED", message: "no" } as const;
    const refused = { certificate: "www", code: "CERTIFICATE_REFUSED", message: "key: no" } as const;
    node.apply = () => Promise.resolve({ ...applied, failures: [version] });
    node.certificateFailures = [refused];
    node.keptCertificates = [{ name: "www", chain: "older", sealedKey: "older" }];
    await node.offer(3);
    expect(node.acks).toMatchObject([{ revision: 3, failures: [version, refused] }]);
    expect(node.applier.applied?.failures).toEqual([version, refused]);
    expect(node.saved.map(({ certificates }) => certificates)).toEqual([node.keptCertificates]);
  });

  it("gives a state up that is being prepared when a newer one arrives", async () => {
    const node = new Node();
    node.prepare = (state, signal) => {
      if (state.revision !== 1) return Promise.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    };
    await node.offer(1);
    await node.offer(2);
    expect(node.steps.slice(0, 3)).toEqual(["prepare 1", "prepare 2", "apply 2"]);
    expect(node.acks.map(({ revision }) => revision)).toEqual([2]);
    expect(node.logger.count("revision.failed")).toBe(0);
  });

  it("of many states that arrive during an apply, applies the newest only", async () => {
    const node = new Node();
    let finish: (report: ApplyReport) => void = () => {};
    node.apply = (revision) => {
      return revision === 1 ? new Promise((resolve) => (finish = resolve)) : Promise.resolve(applied);
    };
    await node.offer(1);
    await node.offer(2, 3, 4);
    finish(applied);
    await settle();
    expect(node.acks.map(({ revision }) => revision)).toEqual([1, 4]);
    expect(node.steps).not.toContain("apply 3");
  });

  it("loses no state, in whichever turn of the one before it is offered", async () => {
    for (let turns = 0; turns < 40; turns++) {
      const node = new Node();
      node.applier.offer(stateOf(1));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await node.offer(2);
      expect(node.acks.at(-1)?.revision).toBe(2);
    }
  });

  it("keeps what it serves and tries again, with growing waits, when a state cannot be prepared", async () => {
    const node = new Node();
    let failures = 2;
    node.prepare = () => (failures-- > 0 ? Promise.reject(new Error("control plane gone")) : Promise.resolve());
    await node.offer(5);
    expect(node.applier.refusal).toBe("control plane gone");
    expect(node.clock.waits).toEqual([125]);
    await node.clock.advance(125);
    expect(node.clock.waits).toEqual([250]);
    expect(node.steps).not.toContain("apply 5");
    await node.clock.advance(250);
    expect(node.acks.map(({ revision }) => revision)).toEqual([5]);
    expect(node.applier.refusal).toBeNull();
  });

  it("a newer state ends the wait for another attempt", async () => {
    const node = new Node();
    node.prepare = ({ revision }) => (revision === 1 ? Promise.reject(new Error("no")) : Promise.resolve());
    await node.offer(1);
    await node.offer(2);
    expect(node.acks.map(({ revision }) => revision)).toEqual([2]);
    expect(node.clock.waits).toEqual([]);
  });

  it("never prepares a state whose key is not the pinned one", async () => {
    const node = new Node();
    node.pin = { kind: "refused", message: "another key" };
    await node.offer(1);
    expect(node.steps).toEqual([]);
    expect(node.applier.refusal).toBe("another key");
    expect(node.logger.count("revision.refused")).toBe(1);
  });

  it("neither keeps nor acknowledges what a front refused", async () => {
    const node = new Node();
    await node.offer(1);
    node.apply = () => Promise.resolve({ kind: "refused", message: "cannot be routed" });
    await node.offer(2);
    expect(node.acks.map(({ revision }) => revision)).toEqual([1]);
    expect(node.steps).not.toContain("save 2");
    expect(node.applier).toMatchObject({ applied: { revision: 1 }, refusal: "cannot be routed" });
  });

  it("acknowledges with the failures of versions", async () => {
    const node = new Node();
    const failure = { function: "f", version: "v", code: "FUNCTION_LOAD_FAILED", message: "m" } as const;
    node.apply = () => Promise.resolve({ kind: "applied", failures: [failure], damaged: [] });
    await node.offer(1);
    expect(node.acks[0]?.failures).toEqual([failure]);
  });

  it("has damaged blobs fetched again before it acknowledges", async () => {
    const node = new Node();
    let damaged = ["a", "b"];
    node.apply = () => {
      const report: ApplyReport = { kind: "applied", failures: [], damaged };
      damaged = [];
      return Promise.resolve(report);
    };
    await node.offer(1);
    expect(node.steps.slice(0, 6)).toEqual(["prepare 1", "apply 1", "discard a,b", "prepare 1", "apply 1", "save 1"]);
  });

  it("stops repairing a disk that damages everything after two times", async () => {
    const node = new Node();
    node.apply = () => Promise.resolve({ kind: "applied", failures: [], damaged: ["a"] });
    await node.offer(1);
    expect(node.steps.filter((step) => step === "apply 1")).toHaveLength(3);
    expect(node.acks).toHaveLength(1);
  });

  it("acknowledges although the state could not be kept on the disk, and says so", async () => {
    const node = new Node();
    node.saveFails = true;
    await node.offer(1);
    expect(node.acks).toHaveLength(1);
    expect(node.logger.count("state.file.failed")).toBe(1);
  });

  it("follows a control plane that went back, with a warning", async () => {
    const node = new Node();
    await node.offer(9);
    await node.offer(4);
    expect(node.applier.applied?.revision).toBe(4);
    expect(node.logger.count("revision.goes.back")).toBe(1);
  });

  it("stop() ends a wait and takes nothing more", async () => {
    const node = new Node();
    node.prepare = () => Promise.reject(new Error("no"));
    await node.offer(1);
    await node.applier.stop();
    node.prepare = () => Promise.resolve();
    await node.offer(2);
    expect(node.acks).toEqual([]);
    expect(node.clock.waits).toEqual([]);
  });
});
