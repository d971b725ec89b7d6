import { readFile, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { StateFile } from "../../../edge-node/control/state-file.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { Signer } from "../support/signed-release.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const signer = new Signer();
const [first, second, third] = [1, 2, 3].map((revision) => signer.state(revision, [signer.release()]));

async function open(): Promise<{ file: string; previous: string; reopen: () => StateFile; logger: RecordingLogger }> {
  const folder = await temporaryFolder();
  const logger = new RecordingLogger();
  return {
    file: path.join(folder, "state.json"),
    previous: path.join(folder, "state.previous.json"),
    reopen: () => new StateFile(folder, { logger }),
    logger,
  };
}

async function save(stateFile: StateFile, ...states: (typeof first)[]): Promise<void> {
  for (const state of states) if (state !== undefined) await stateFile.save(state);
}

describe("StateFile", () => {
  it("load() gives what save() kept, and null when there is nothing", async () => {
    const { reopen, logger } = await open();
    expect(await reopen().load()).toBeNull();
    expect(logger.count("state.file.damaged")).toBe(0);
    await save(reopen(), first, second);
    expect(await reopen().load()).toEqual(second);
  });

  it("never holds a secret in the clear", async () => {
    const { file, reopen } = await open();
    await save(reopen(), signer.state(1, [signer.release({ secrets: { KEY: "very-secret-value" } })]));
    expect(await readFile(file, "utf8")).not.toContain("very-secret-value");
  });

  it.each<[string, (file: string) => Promise<void>]>([
    ["cut short", (file) => truncate(file, 100)],
    ["empty", (file) => truncate(file, 0)],
    ["not JSON", (file) => writeFile(file, "{")],
    ["without checksum", (file) => writeFile(file, JSON.stringify({ format: 1, state: second }))],
    [
      "changed by one digit",
      async (file) => writeFile(file, (await readFile(file, "utf8")).replace(`"revision":2`, `"revision":3`)),
    ],
  ])("load() falls back to the generation before a file that is %s, and says so", async (_name, damage) => {
    const { file, reopen, logger } = await open();
    await save(reopen(), first);
    const stateFile = reopen();
    await stateFile.load();
    await save(stateFile, second);
    await damage(file);
    expect(await reopen().load()).toEqual(first);
    expect(logger.count("state.file.damaged")).toBe(1);
  });

  it("load() gives null when both generations are damaged", async () => {
    const { file, previous, reopen } = await open();
    await writeFile(file, "x");
    await writeFile(previous, "y");
    expect(await reopen().load()).toBeNull();
  });

  it("save() keeps a damaged file from replacing the good generation before it", async () => {
    const { file, reopen } = await open();
    await save(reopen(), first, second);
    await writeFile(file, "damaged");
    const stateFile = reopen();
    expect(await stateFile.load()).toEqual(first);
    await save(stateFile, third);
    await writeFile(file, "damaged again");
    expect(await reopen().load()).toEqual(first);
  });
});
