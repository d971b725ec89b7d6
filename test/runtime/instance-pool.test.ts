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

class SizedInstance implements PooledInstance {
  active = 0;
  stopped = false;
  readonly size: number | null;
  constructor(size: number | null) {
    this.size = size;
  }
}

/** Instances start at once; `evict` takes them out as their owner would. */
function sized(limits: { concurrency: number; instancesMax: number; queueMax: number }) {
  const log: string[] = [];
  const pool: InstancePool<SizedInstance> = new InstancePool<SizedInstance>(
    limits,
    (size) => Promise.resolve(new SizedInstance(size)),
    (instance) => {
      log.push(`evict ${String(instance.size)}`);
      instance.stopped = true;
      pool.remove(instance);
    },
  );
  const running = new Map<number, SizedInstance>();
  return {
    pool,
    log,
    admit: async (id: number, size: number | null) => {
      pool.admit({
        id,
        size,
        run: (instance) => {
          instance.active += 1;
          running.set(id, instance);
          log.push(`run ${id} in ${String(instance.size)}`);
        },
        refuse: (code) => log.push(`refuse ${id} ${code}`),
      });
      await settled();
    },
    end: async (id: number) => {
      const instance = running.get(id);
      if (instance === undefined) throw new Error(`${id} does not run`);
      instance.active -= 1;
      pool.onRoom();
      await settled();
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("InstancePool with several sizes", () => {
  it("serves who asked for a size in an instance of that size, and nobody else there", async () => {
    const { admit, log, pool } = sized({ concurrency: 2, instancesMax: 4, queueMax: 10 });
    await admit(1, null);
    await admit(2, 256);
    await admit(3, 256);
    await admit(4, null);
    expect(log).toEqual(["run 1 in null", "run 2 in 256", "run 3 in 256", "run 4 in null"]);
    expect(pool.size).toBe(2);
  });

  it("counts all sizes together: at the limit the next waits, and beyond the queue it is refused", async () => {
    const { admit, end, log, pool } = sized({ concurrency: 1, instancesMax: 2, queueMax: 1 });
    await admit(1, null);
    await admit(2, 256);
    await admit(3, 512);
    expect([pool.size, pool.queued]).toEqual([2, 1]);
    await admit(4, 256);
    expect([log.at(-1), pool.rejected]).toEqual(["refuse 4 FUNCTION_OVERLOADED", 1]);
    await end(1);
    expect([log.slice(-2), pool.size]).toEqual([["evict null", "run 3 in 512"], 2]);
  });

  it("lets an idle instance of another size make room at once, even where nothing may wait", async () => {
    const { admit, end, log, pool } = sized({ concurrency: 1, instancesMax: 1, queueMax: 0 });
    await admit(1, null);
    await end(1);
    await admit(2, 256);
    await end(2);
    await admit(3, null);
    expect(log).toEqual(["run 1 in null", "evict null", "run 2 in 256", "evict 256", "run 3 in null"]);
    expect(pool.size).toBe(1);
  });

  it("starves no size: who waits for one that has no instance comes before those of an instance that got idle", async () => {
    const { admit, end, log } = sized({ concurrency: 1, instancesMax: 1, queueMax: 10 });
    await admit(1, null);
    await admit(2, null);
    await admit(3, 256);
    await end(1);
    expect(log).toEqual(["run 1 in null", "evict null", "run 3 in 256"]);
    await end(3);
    expect(log.slice(3)).toEqual(["evict 256", "run 2 in null"]);
  });

  it("refuses those who wait for a size that does not start, and only those", async () => {
    const refused: string[] = [];
    const pool = new InstancePool<SizedInstance>({ concurrency: 1, instancesMax: 4, queueMax: 10 }, (size) =>
      size === null ? Promise.resolve(new SizedInstance(size)) : Promise.reject(new Error("no")),
    );
    for (const [id, size] of [
      [1, 256],
      [2, null],
    ] as const) {
      pool.admit({
        id,
        size,
        run: () => refused.push(`run ${id}`),
        refuse: (code, message) => refused.push(`refuse ${id} ${code} ${message}`),
      });
    }
    await settled();
    expect(refused.sort()).toEqual(["refuse 1 FUNCTION_LOAD_FAILED no", "run 2"]);
  });
});

describe("InstancePool with flow control", () => {
  it("runs or starts up to instances times concurrency, and refuses one more where nothing may wait", async () => {
    const { admit, log, pool } = sized({ concurrency: 3, instancesMax: 2, queueMax: 0 });
    for (let id = 1; id <= 7; id += 1) await admit(id, null);
    expect(log.filter((word) => word.startsWith("run"))).toHaveLength(6);
    expect([log.at(-1), pool.rejected, pool.size]).toEqual(["refuse 7 FUNCTION_OVERLOADED", 1, 2]);
  });

  it("gives a retired instance to nobody, and replaces it only where there is a place", async () => {
    const started: (SizedInstance & { isRetired?: boolean })[] = [];
    const pool = new InstancePool<SizedInstance & { isRetired?: boolean }>(
      { concurrency: 5, instancesMax: 2, queueMax: 10 },
      (size) => {
        const instance = new SizedInstance(size);
        started.push(instance);
        return Promise.resolve(instance);
      },
    );
    await pool.warm(1);
    const [first] = started;
    if (first === undefined) throw new Error("nothing started");
    first.isRetired = true;
    pool.replace(first);
    await settled();
    const ran: unknown[] = [];
    pool.admit({ id: 1, run: (instance) => ran.push(instance), refuse: () => ran.push("refused") });
    expect(ran).toEqual([started[1]]);
    pool.replace(first);
    await settled();
    expect(started).toHaveLength(2);
  });
});
