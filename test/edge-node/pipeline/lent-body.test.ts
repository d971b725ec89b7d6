import { describe, expect, it } from "vitest";
import { LentBody } from "../../../edge-node/pipeline/lent-body.ts";

function lend(): { readonly lent: LentBody; readonly returned: () => number } {
  let returned = 0;
  let left = 2;
  const iterator = {
    next: () =>
      Promise.resolve(
        left-- > 0 ? { done: false as const, value: Buffer.from("x") } : { done: true as const, value: undefined },
      ),
    return: () => {
      returned++;
      return Promise.resolve({ done: true as const, value: undefined });
    },
  };
  const chunks = { [Symbol.asyncIterator]: () => iterator };
  return { lent: new LentBody({ kind: "stream", chunks, lengthBytes: 2 }), returned: () => returned };
}

describe("LentBody", () => {
  it("that nobody read of survives its borrower's return() and can be read by the next", async () => {
    const { lent, returned } = lend();
    await lent.return();
    expect([lent.touched, returned()]).toEqual([false, 0]);
    const back = lent.takeBack();
    let bytes = 0;
    if (back.kind === "stream") for await (const chunk of back.chunks) bytes += chunk.byteLength;
    expect(bytes).toBe(2);
  });

  it("that was read of is cancelled by return()", async () => {
    const { lent, returned } = lend();
    await lent.next();
    await lent.return();
    expect([lent.touched, returned()]).toEqual([true, 1]);
  });

  it("that was given away is cancelled by return(), be it before or after", async () => {
    const after = lend();
    await after.lent.give();
    await after.lent.return();
    expect(after.returned()).toBe(1);
    const before = lend();
    await before.lent.return();
    await before.lent.give();
    expect(before.returned()).toBe(1);
  });

  it("that was taken back gives its borrower nothing more", async () => {
    const { lent } = lend();
    lent.takeBack();
    expect((await lent.next()).done).toBe(true);
  });
});
