import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { PinnedKey } from "../../../edge-node/control/pinned-key.ts";
import { Signer } from "../support/signed-release.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const keys = [new Signer().publicKey, new Signer().publicKey] as const;

describe("PinnedKey", () => {
  it("accept() pins the first key it sees, also over a restart", async () => {
    const folder = await temporaryFolder();
    const pinned = new PinnedKey(folder);
    expect((await pinned.accept(keys[0])).kind).toBe("accepted");
    expect((await pinned.accept(keys[0])).kind).toBe("accepted");
    expect((await new PinnedKey(folder).accept(keys[0])).kind).toBe("accepted");
  });

  it("accept() refuses another key and names the file that holds the pin", async () => {
    const folder = await temporaryFolder();
    await new PinnedKey(folder).accept(keys[0]);
    for (const pinned of [new PinnedKey(folder), new PinnedKey(folder)]) {
      const result = await pinned.accept(keys[1]);
      expect(result).toMatchObject({ kind: "refused", message: expect.stringContaining(folder) as string });
      expect((await pinned.accept(keys[0])).kind).toBe("accepted");
    }
  });

  it.each(["", "{", "{}", `{"publicKey":"short"}`])(
    "accept() refuses every key when the file holds %j",
    async (text) => {
      const folder = await temporaryFolder();
      await writeFile(path.join(folder, "control-key.json"), text);
      expect((await new PinnedKey(folder).accept(keys[0])).kind).toBe("refused");
      expect((await new PinnedKey(folder).accept(keys[0])).kind).toBe("refused");
    },
  );

  it("accept() pins anew when an operator removed the file", async () => {
    const folder = await temporaryFolder();
    await new PinnedKey(folder).accept(keys[0]);
    await rm(path.join(folder, "control-key.json"));
    expect((await new PinnedKey(folder).accept(keys[1])).kind).toBe("accepted");
  });
});
