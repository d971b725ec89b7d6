import { expect, it } from "vitest";
import { InstancePool, type InstanceSize, type PooledInstance } from "../../runtime/isolates/instance-pool.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";

class FakeInstance implements PooledInstance {
  active = 0;
  stopped = false;
  isRetired = false;
  readonly size: InstanceSize;

  constructor(size: InstanceSize) {
    this.size = size;
  }
}

function setUp(instancesMax = 8) {
  const pending: (PromiseWithResolvers<FakeInstance> & { readonly size: InstanceSize })[] = [];
  const pool = new InstancePool<FakeInstance>({ concurrency: 1, instancesMax, queueMax: 5 }, (size) => {
    const start = { ...Promise.withResolvers<FakeInstance>(), size };
    pending.push(start);
    return start.promise;
  });
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await Promise.resolve();
  };
  return {
    pool,
    pending,
    /** Lets the oldest start succeed. */
    started: async (): Promise<FakeInstance> => {
      const oldest = pending.shift();
      const instance = new FakeInstance(oldest?.size ?? null);
      oldest?.resolve(instance);
      await turn();
      return instance;
    },
    failed: async (): Promise<void> => {
      pending.shift()?.reject(new Error("cannot"));
      await turn();
    },
  };
}

it("reserve() starts what is missing, few at a time, and says when all are there", async () => {
  const { pool, pending, started } = setUp();
  const ready = pool.reserve(4);
  expect(pending).toHaveLength(reservedLimits.startingMax);
  for (let count = 0; count < 4; count++) await started();
  expect(await ready).toBeNull();
  expect([pool.size, pool.reserved, pending.length]).toEqual([4, 4, 0]);
  expect(await pool.reserve(4)).toBeNull();
});

it.each([
  [7, 7],
  [8, 8],
  [9, 8],
])("reserve(%d) keeps %d with instancesMax 8", async (count, kept) => {
  const { pool, pending, started } = setUp(8);
  const ready = pool.reserve(count);
  while (pending.length > 0) await started();
  expect([await ready, pool.size]).toEqual([null, kept]);
});

it("the first to start are the reserved ones, and they serve first", async () => {
  const { pool, started } = setUp();
  void pool.reserve(2);
  const [first, second] = [await started(), await started()];
  const served: FakeInstance[] = [];
  const admit = (id: number): void => {
    const run = (instance: FakeInstance): void => {
      instance.active += 1;
      served.push(instance);
    };
    pool.admit({ id, run, refuse: () => undefined });
  };
  for (const id of [1, 2, 3]) admit(id);
  const third = await started();
  expect(served).toEqual([first, second, third]);
  expect([first, second, third].map((instance) => pool.isReserved(instance))).toEqual([true, true, false]);
  for (const instance of [first, second, third]) instance.active = 0;
  admit(4);
  expect(served.at(-1)).toBe(first);
  pool.remove(first);
  expect([second, third].map((instance) => pool.isReserved(instance))).toEqual([true, true]);
});

it("reserve() of less lets go, and whoever waited for more is told", async () => {
  const { pool, pending, started } = setUp();
  const more = pool.reserve(5);
  const first = await started();
  expect(await pool.reserve(1)).toBeNull();
  expect(await more).toBeNull();
  const others = [await started(), await started()];
  expect([pool.reserved, pending.length]).toEqual([1, 0]);
  expect([first, ...others].map((instance) => pool.isReserved(instance))).toEqual([true, false, false]);
});

it("a start that fails ends the attempt, and the next one starts again what is missing", async () => {
  const { pool, pending, started, failed } = setUp();
  const ready = pool.reserve(1);
  await failed();
  expect(await ready).toMatchObject({ message: "cannot" });
  expect(pending).toHaveLength(0);
  const again = pool.reserve(1);
  await started();
  expect([await again, pool.reserved]).toEqual([null, 1]);
});

it("what is lost is started again when it is said again", async () => {
  const { pool, pending, started } = setUp();
  void pool.reserve(1);
  pool.remove(await started());
  expect([pool.reserved, pending.length]).toEqual([0, 0]);
  const again = pool.reserve(1);
  await started();
  expect([await again, pool.reserved]).toEqual([null, 1]);
});

it.each<[string, InstanceSize]>([
  ["an instance of another size", 512],
  ["a retired instance", null],
])("reserve() does not wait for the place of %s that is in use", async (_, size) => {
  const { pool, pending, started } = setUp(2);
  const run = (instance: FakeInstance): void => {
    instance.active += 1;
  };
  pool.admit({ id: 1, size, run, refuse: () => undefined });
  const busy = await started();
  busy.isRetired = size === null;
  const ready = pool.reserve(2);
  await started();
  expect([await ready, pool.reserved, pending.length]).toEqual([null, 1, 0]);
  busy.stopped = true;
  pool.remove(busy);
  const again = pool.reserve(2);
  await started();
  expect([await again, pool.reserved]).toEqual([null, 2]);
});

it("reserve() starts again what is lost while it waits", async () => {
  const { pool, pending, started } = setUp();
  const ready = pool.reserve(2);
  const first = await started();
  first.stopped = true;
  pool.remove(first);
  expect(pending).toHaveLength(Math.min(2, reservedLimits.startingMax));
  while (pending.length > 0) await started();
  expect([await ready, pool.reserved]).toEqual([null, 2]);
});

it("reserve() gives up a version whose instances end as soon as they have started", async () => {
  const { pool, pending, started } = setUp();
  const ready = pool.reserve(3);
  let starts = 0;
  for (; pending.length > 0; starts++) pool.remove(await started());
  expect([await ready, pool.size, starts]).toEqual([null, 0, 6]);
});

it("warm() does not wait for an instance that is gone again", async () => {
  const { pool, started } = setUp();
  const ready = pool.warm(2);
  pool.remove(await started());
  await started();
  expect([await ready, pool.size]).toEqual([null, 1]);
});

it("nothing is reserved any more in a closed pool", async () => {
  const { pool, pending, started } = setUp();
  const ready = pool.reserve(3);
  const instance = await started();
  pool.close("FUNCTION_UNAVAILABLE");
  expect([await ready, pool.isReserved(instance)]).toEqual([null, false]);
  const before = pending.length;
  expect(await pool.reserve(3)).toBeNull();
  expect(pending).toHaveLength(before);
});
