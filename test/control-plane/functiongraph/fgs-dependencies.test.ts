import { expect, it } from "vitest";
import { FgsDependencies } from "../../../control-plane/functiongraph/fgs-dependencies.ts";
import type { FgsError } from "../../../control-plane/functiongraph/fgs-error.ts";
import type { Store } from "../../../control-plane/store.ts";
import { archiveLimits } from "../../../sdk/code-limits.ts";

it("a dependency's file has as many bytes as allowed, and not one more", async () => {
  const taken: number[] = [];
  const service = new FgsDependencies({
    // Nothing is found in it, so that what was taken in is not shown.
    store: {
      read: () => Promise.resolve(null),
      change: () => Promise.resolve(null),
      close: () => Promise.resolve(),
    } as unknown as Store,
    download: { fetch: () => Promise.resolve({ kind: "busy" }) },
    dependencies: {
      check: () => Promise.resolve(),
      take: async (_wanted, read) => {
        taken.push((await read()).byteLength);
        return { dependency: "pad", version: 1 } as never;
      },
      deleteVersion: () => Promise.resolve(),
    },
  });
  const codeOf = async (bytes: number): Promise<unknown> => {
    const body = { name: "pad", runtime: "Node.js18.15", depend_file: Buffer.alloc(bytes).toString("base64") };
    return service.create("p", body, "admin").catch((error: unknown) => (error as FgsError).code);
  };
  const { bytesMax } = archiveLimits;
  expect([await codeOf(bytesMax), await codeOf(bytesMax + 1)]).toEqual(["FSS.1056", "FSS.1071"]);
  expect(taken).toEqual([bytesMax]);
});
