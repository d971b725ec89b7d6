import { describe, expect, it } from "vitest";
import { GuestStream } from "../../runtime/client/guest-stream.ts";

function harness(): { readonly stream: GuestStream; readonly said: string[] } {
  const said: string[] = [];
  const stream = new GuestStream({
    credit: (chunks) => said.push(`credit ${chunks}`),
    stop: () => said.push("stop"),
  });
  return { stream, said };
}

const chunk = (value: number): Uint8Array => new Uint8Array([value]);

describe("GuestStream", () => {
  it("grants nothing before somebody reads", () => {
    expect(harness().said).toEqual([]);
  });

  it("grants a window at the first read and more when half of it was read", async () => {
    const { stream, said } = harness();
    const first = stream.next();
    for (const value of [1, 2, 3, 4]) stream.push(chunk(value));
    expect(await first).toEqual({ done: false, value: chunk(1) });
    expect(said).toEqual(["credit 4"]);
    await stream.next();
    expect(said).toEqual(["credit 4", "credit 2"]);
  });

  it("delivers what was sent before the end, then ends", async () => {
    const { stream } = harness();
    stream.push(chunk(1));
    stream.end();
    expect(await stream.next()).toEqual({ done: false, value: chunk(1) });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("delivers what was sent before a failure, then throws", async () => {
    const { stream } = harness();
    stream.push(chunk(1));
    stream.fail(new Error("late"));
    await stream.next();
    await expect(stream.next()).rejects.toThrow("late");
  });

  it("a waiting reader is woken by end and by failure", async () => {
    const ended = harness().stream;
    const end = ended.next();
    ended.end();
    expect(await end).toEqual({ done: true, value: undefined });
    const failing = harness().stream;
    const failure = failing.next();
    failing.fail(new Error("gone"));
    await expect(failure).rejects.toThrow("gone");
  });

  it("return() stops the guest once and drops what is held", async () => {
    const { stream, said } = harness();
    stream.push(chunk(1));
    await stream.return();
    await stream.return();
    expect(said).toEqual(["stop"]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("chunks after the end are dropped", async () => {
    const { stream } = harness();
    stream.end();
    stream.push(chunk(1));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
