import { describe, expect, it } from "vitest";
import { InstancePool, type PooledInstance } from "../../runtime/isolates/instance-pool.ts";

class FakeInstance implements PooledInstance {
  active = 0;
  stopped = false;
}

interface Harness {
  readonly pool: InstancePool<FakeInstance>;
  readonly started: FakeInstance[];
  /** Lets the oldest pending start succeed or fail. */
  readonly finishStart: (failure?: Error) => Promise<void>;
  readonly admit: (id: number) => void;
  readonly log: string[];
}

function harness(limits: { concurrency: number; instancesMax: number; queueMax: number }): Harness {
  const pending: { resolve: (instance: FakeInstance) => void; reject: (error: Error) => void }[] = [];
  const started: FakeInstance[] = [];
  const log: string[] = [];
  const pool = new InstancePool<FakeInstance>(
    limits,
    () => new Promise((resolve, reject) => pending.push({ resolve, reject })),
  );
  return {
    pool,
    started,
    log,
    finishStart: async (failure) => {
      const start = pending.shift();
      if (failure !== undefined) start?.reject(failure);
      else {
        const instance = new FakeInstance();
        started.push(instance);
        start?.resolve(instance);
      }
      await Promise.resolve();
      await Promise.resolve();
    },
    admit: (id) => {
      pool.admit({
        id,
        run: (instance) => {
          instance.active += 1;
          log.push(`run ${id} on ${started.indexOf(instance)}`);
        },
        refuse: (code) => log.push(`refuse ${id} ${code}`),
      });
    },
  };
}

describe("InstancePool", () => {
  it("admit() starts an instance and runs what waited for it", async () => {
    const { admit, finishStart, log, pool } = harness({ concurrency: 2, instancesMax: 4, queueMax: 10 });
    admit(1);
    expect([log, pool.queued]).toEqual([[], 1]);
    await finishStart();
    expect([log, pool.queued, pool.coldStarts]).toEqual([["run 1 on 0"], 0, 1]);
  });

  it("fills an instance up to its concurrency before it starts the next", async () => {
    const { admit, finishStart, log, pool } = harness({ concurrency: 2, instancesMax: 4, queueMax: 10 });
    admit(1);
    await finishStart();
    admit(2);
    admit(3);
    expect(log).toEqual(["run 1 on 0", "run 2 on 0"]);
    await finishStart();
    expect(log).toEqual(["run 1 on 0", "run 2 on 0", "run 3 on 1"]);
    expect(pool.size).toBe(2);
  });

  it("starts one instance for each instance's worth of waiting invocations", () => {
    const { admit, pool } = harness({ concurrency: 3, instancesMax: 10, queueMax: 100 });
    for (let id = 1; id <= 7; id += 1) admit(id);
    expect(pool.coldStarts).toBe(3);
  });

  it("admit() queues when every instance is at its limit, in order of arrival", async () => {
    const { admit, finishStart, log, pool, started } = harness({ concurrency: 1, instancesMax: 1, queueMax: 2 });
    admit(1);
    await finishStart();
    admit(2);
    admit(3);
    expect(pool.queued).toBe(2);
    const [instance] = started;
    if (instance === undefined) throw new Error("no instance");
    instance.active = 0;
    pool.onRoom();
    expect(log).toEqual(["run 1 on 0", "run 2 on 0"]);
  });

  it("refuses with FUNCTION_OVERLOADED when the queue is full and no instance may start", async () => {
    const { admit, finishStart, log, pool } = harness({ concurrency: 1, instancesMax: 1, queueMax: 1 });
    admit(1);
    await finishStart();
    admit(2);
    admit(3);
    expect(log).toEqual(["run 1 on 0", "refuse 3 FUNCTION_OVERLOADED"]);
    expect(pool.rejected).toBe(1);
  });

  it("withdraw() takes a waiting invocation out, and only that", async () => {
    const { admit, finishStart, log, pool } = harness({ concurrency: 5, instancesMax: 1, queueMax: 5 });
    admit(1);
    admit(2);
    expect([pool.withdraw(1), pool.withdraw(9)]).toEqual([true, false]);
    await finishStart();
    expect(log).toEqual(["run 2 on 0"]);
  });

  it("a start that fails refuses all who wait when no instance is left", async () => {
    const { admit, finishStart, log } = harness({ concurrency: 1, instancesMax: 1, queueMax: 5 });
    admit(1);
    admit(2);
    await finishStart(new Error("boom"));
    expect(log).toEqual(["refuse 1 FUNCTION_LOAD_FAILED", "refuse 2 FUNCTION_LOAD_FAILED"]);
  });

  it("a stopped instance gets nothing, and its removal starts another for those who wait", async () => {
    const { admit, finishStart, log, pool, started } = harness({ concurrency: 1, instancesMax: 1, queueMax: 5 });
    admit(1);
    await finishStart();
    const [instance] = started;
    if (instance === undefined) throw new Error("no instance");
    instance.stopped = true;
    admit(2);
    pool.remove(instance);
    await finishStart();
    expect(log).toEqual(["run 1 on 0", "run 2 on 1"]);
  });

  it("warm() resolves with null when enough instances are ready, with the failure otherwise", async () => {
    const good = harness({ concurrency: 1, instancesMax: 3, queueMax: 5 });
    const warmed = good.pool.warm(2);
    await good.finishStart();
    await good.finishStart();
    expect(await warmed).toBeNull();
    const bad = harness({ concurrency: 1, instancesMax: 3, queueMax: 5 });
    const failed = bad.pool.warm(1);
    await bad.finishStart(new Error("broken"));
    expect(await failed).toMatchObject({ message: "broken" });
  });

  it("warm() never asks for more than instancesMax", async () => {
    const { pool, finishStart } = harness({ concurrency: 1, instancesMax: 1, queueMax: 0 });
    const warmed = pool.warm(50);
    await finishStart();
    expect(await warmed).toBeNull();
    expect(pool.size).toBe(1);
  });

  it("close() refuses all who wait", () => {
    const { admit, pool, log } = harness({ concurrency: 1, instancesMax: 1, queueMax: 5 });
    admit(1);
    pool.close("NODE_DRAINING");
    expect(log).toEqual(["refuse 1 NODE_DRAINING"]);
  });
});
