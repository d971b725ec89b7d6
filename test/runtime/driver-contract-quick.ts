/** The part of the driver contract about functions that were quick so long that their entries are run without a change of threads (entry-pace.ts). */
import { describe, expect, it } from "vitest";
import type { Driver, Outcome, RunnableVersion } from "../../runtime/driver.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";

const enough = 150;

/** Quick functions are bound by the same limits and promises as others. */
export function quickFunctions(driver: () => Driver): void {
  describe("functions that were quick", () => {
    it("are stopped when they loop, before an await and after it, and serve again", async () => {
      for (const loop of [
        `for (;;);`,
        `await null; for (;;);`,
        `const f = () => Promise.resolve().then(f); await f();`,
      ]) {
        const version = await quickVersion(`if (request.url.endsWith("loop")) { ${loop} } return new Response("ok");`);
        const outcome = await ask(version, "loop");
        expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_CPU_LIMIT" });
        expect(await textOf(await ask(version, ""))).toBe("ok");
      }
    });

    it("may compute now and then as long as their limit allows", async () => {
      const version = await quickVersion(
        `if (request.url.endsWith("long")) for (const end = Date.now() + 15; Date.now() < end;); return new Response("ok");`,
      );
      for (let round = 0; round < 5; round += 1) {
        expect(await textOf(await ask(version, "long"))).toBe("ok");
        expect(await textOf(await ask(version, ""))).toBe("ok");
      }
    });

    it("hear of rejections that nobody handled, each once and without an end of answers", async () => {
      const version = await quickVersion(
        `if (request.url.endsWith("count")) return new Response(String(seen));
         if (request.url.endsWith("reject")) Promise.reject(new Error("left"));
         return new Response("ok");`,
        `let seen = 0; addEventListener("unhandledrejection", (event) => { seen += 1; event.preventDefault(); if (seen < 3) Promise.reject(new Error("again")); });`,
      );
      await ask(version, "reject");
      await expect.poll(async () => textOf(await ask(version, "count"))).toBe("3");
    });

    it("stream in order, whoever runs the entries", async () => {
      const version = await quickVersion(
        `const length = Number(new URL(request.url).searchParams.get("n") ?? 1);
         let at = 0;
         return new Response(new ReadableStream({ pull(controller) {
           if (at === length) controller.close();
           else controller.enqueue(new TextEncoder().encode(at++ + ","));
         } }));`,
      );
      const answers = await Promise.all(Array.from({ length: 20 }, async () => textOf(await ask(version, "?n=40"))));
      const expected = Array.from({ length: 40 }, (_none, index) => `${index},`).join("");
      for (const answer of answers) expect(answer).toBe(expected);
    });
  });

  async function quickVersion(body: string, before = ""): Promise<RunnableVersion> {
    const version = versionOf(`(() => { ${before} return { async fetch(request) { ${body} } }; })()`, {
      instancesMax: 1,
      cpuMs: 100,
    });
    await driver().load(version);
    for (let count = 0; count < enough; count += 1) await textOf(await ask(version, ""));
    return version;
  }

  async function ask(version: RunnableVersion, path: string): Promise<Outcome> {
    const url = `https://site.test/${path}`;
    return driver().invoke(invocationOf(version.key, { url }), quietHost([])).outcome;
  }
}
