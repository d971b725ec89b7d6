import { webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import { HostSubtle } from "../../../runtime/host-operations/subtle.ts";
import { type PoolUser, ThreadPool } from "../../../runtime/host-operations/thread-pool.ts";

function forever(user: PoolUser, lane: "brief" | "long"): { readonly begun: () => boolean } {
  let begun = false;
  user
    .run(
      () => {
        begun = true;
        return new Promise<void>(() => undefined);
      },
      { lane, chargedMsMax: 1 },
    )
    .catch(() => undefined);
  return { begun: () => begun };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("long operations of two versions leave a turn to a third, and never have all four threads", async () => {
  const pool = new ThreadPool(() => 0);
  const users = [pool.user("one"), pool.user("two"), pool.user("three")];
  const all = users.map((user) => [forever(user, "long"), forever(user, "long")].map(({ begun }) => begun));
  await settled();
  expect(all.map((own) => own.map((begun) => begun()))).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
});

test("brief operations do not wait for long ones", async () => {
  const user = new ThreadPool(() => 0).user("version");
  for (let count = 0; count < 100; count += 1) forever(user, "long");
  await settled();
  const brief = forever(user, "brief");
  await settled();
  expect(brief.begun()).toBe(true);
});

test("instances of one version share its turns", async () => {
  const pool = new ThreadPool(() => 0);
  const [first, second] = [pool.user("version"), pool.user("version")];
  forever(first, "long");
  forever(first, "long");
  const waiting = forever(second, "long");
  await settled();
  expect(waiting.begun()).toBe(false);
});

test("dispose() refuses what waits and everything after it", async () => {
  const user = new ThreadPool(() => 0).user("version");
  forever(user, "long");
  forever(user, "long");
  const waiting = user.run(() => Promise.resolve("done"), { lane: "long", chargedMsMax: 1 });
  user.dispose();
  await expect(waiting).rejects.toMatchObject({ name: "OperationError" });
  await expect(user.run(() => Promise.resolve("done"), { lane: "brief", chargedMsMax: 1 })).rejects.toMatchObject({
    message: "The instance is stopping",
  });
});

test("HostSubtle.dispose() drops keys, and keeps none that an operation under way makes", async () => {
  const subtle = new HostSubtle(webcrypto, new ThreadPool(() => 0).user("version"));
  const members = { name: "AES-GCM", length: 128 };
  const parameters = JSON.stringify([{ kind: "algorithm", members }, true, ["encrypt"]]);
  await subtle.call("crypto.generateKey", parameters, []);
  expect(subtle.keyCount).toBe(1);
  const running = subtle.call("crypto.generateKey", parameters, []);
  subtle.dispose();
  await expect(running).rejects.toMatchObject({ name: "OperationError" });
  expect(subtle.keyCount).toBe(0);
  await expect(subtle.call("crypto.generateKey", parameters, [])).rejects.toMatchObject({ name: "OperationError" });
});
