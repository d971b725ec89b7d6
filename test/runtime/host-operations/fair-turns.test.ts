import { expect, test } from "vitest";
import { FairTurns, type TurnMember } from "../../../runtime/host-operations/fair-turns.ts";

/** Operations that end when they are told to, and the names of those that have begun. */
class Work {
  readonly turns = new FairTurns({ runningMax: 3, runningPerGroupMax: 2, waitingPerMemberMax: 4 });
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  start(member: TurnMember, name: string): Promise<string> {
    return this.turns.run(member, () => {
      this.begun.push(name);
      return new Promise((resolve) => {
        this.#ends.set(name, () => {
          resolve(name);
        });
      });
    });
  }

  async end(name: string): Promise<void> {
    await settled();
    this.#ends.get(name)?.();
    await settled();
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function started(work: Work, member: TurnMember, names: readonly string[]): readonly Promise<string>[] {
  const all = names.map((name) => work.start(member, name));
  for (const one of all) one.catch(() => undefined);
  return all;
}

const [a, b, c] = [{ group: "a" }, { group: "b" }, { group: "c" }];

test("one group never has all turns", async () => {
  const work = new Work();
  void started(work, a, ["a1", "a2", "a3"]);
  void started(work, b, ["b1"]);
  await settled();
  expect(work.begun).toEqual(["a1", "a2", "b1"]);
  expect(work.turns.running).toBe(3);
});

test("groups have their turns in rotation, whoever waits longest in the queue of another", async () => {
  const work = new Work();
  void started(work, a, ["a1", "a2", "a3", "a4"]);
  void started(work, b, ["b1", "b2"]);
  void started(work, c, ["c1", "c2"]);
  for (const name of ["a1", "a2", "b1", "c1"]) await work.end(name);
  expect(work.begun).toEqual(["a1", "a2", "b1", "a3", "b2", "c1", "a4"]);
});

test("members of one group have its turns in rotation, too", async () => {
  const work = new Work();
  const other = { group: "a" };
  void started(work, a, ["a1", "a2", "a3", "a4"]);
  void started(work, other, ["o1", "o2"]);
  for (const name of ["a1", "a2", "a3"]) await work.end(name);
  expect(work.begun).toEqual(["a1", "a2", "a3", "o1", "a4"]);
});

test("nothing of a member that was withdrawn begins, and its waiting operations are refused", async () => {
  const work = new Work();
  const all = started(work, a, ["a1", "a2", "a3", "a4"]);
  await settled();
  work.turns.withdraw(a);
  await expect(all[2]).rejects.toMatchObject({ name: "OperationError" });
  await expect(all[3]).rejects.toMatchObject({ name: "OperationError" });
  for (const name of ["a1", "a2"]) await work.end(name);
  expect(work.begun).toEqual(["a1", "a2"]);
  expect(work.turns.running).toBe(0);
});

test("one operation too many is refused, and room that comes back is used", async () => {
  const work = new Work();
  const all = started(work, a, ["a1", "a2", "a3", "a4", "a5", "a6", "a7"]);
  await expect(all[6]).rejects.toMatchObject({ message: "More than 4 operations are waiting" });
  for (const name of ["a1", "a2", "a3", "a4", "a5", "a6"]) await work.end(name);
  expect(await Promise.all(all.slice(0, 6))).toHaveLength(6);
  expect(work.turns.running).toBe(0);
});

test("an operation that fails gives its turn back", async () => {
  const work = new Work();
  await expect(work.turns.run(a, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(work.turns.running).toBe(0);
});
