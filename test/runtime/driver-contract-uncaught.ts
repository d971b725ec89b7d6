/** The part of the driver contract about errors that no caller catches: where they are told, and that they end nothing. */
import { expect, it } from "vitest";
import type { Driver } from "../../runtime/driver.ts";
import { invocationOf, quietHost, versionOf } from "./driver-fixtures.ts";

interface Case {
  readonly claim: string;
  readonly module: string;
  readonly logged: RegExp;
}

const cases: readonly Case[] = [
  {
    claim: "a rejection that nobody handled is logged, also after the answer",
    module: `{ fetch() { Promise.reject(new RangeError("left alone")); return new Response("ok"); } }`,
    logged: /^error Unhandled rejection: RangeError: left alone/,
  },
  {
    claim: "listeners of unhandledrejection get it and can keep it out of the log",
    module: `(addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      console.log("seen", event instanceof PromiseRejectionEvent, event.isTrusted, event.reason.message);
    }), { fetch() { Promise.reject(new Error("mine")); return new Response("ok"); } })`,
    logged: /^info seen true true mine$/,
  },
  {
    claim: "onerror gets what a timer throws, with its place",
    module: `(onerror = (message, file, line, column, error) => {
      console.log(message, typeof file, line > 0, column > 0, error.message);
      return true;
    }, { async fetch() {
      setTimeout(() => { throw new Error("from a timer"); }, 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return new Response("ok");
    } })`,
    logged: /^info Uncaught Error: from a timer string true true from a timer$/,
  },
  {
    claim: "an error event that nobody prevented is logged as well",
    module: `(addEventListener("error", (event) => console.log("seen", event.error.message)), { fetch() {
      reportError(new Error("reported"));
      return new Response("ok");
    } })`,
    logged: /^error Uncaught Error: reported/,
  },
];

export function uncaughtErrors(driver: () => Driver): void {
  it.each(cases)("$claim", async ({ module, logged }) => {
    const version = versionOf(module, {});
    await driver().load(version);
    const { promise, resolve } = Promise.withResolvers<string>();
    const host = {
      ...quietHost([]),
      log: (level: string, message: string): void => {
        if (logged.test(`${level} ${message}`)) resolve(`${level} ${message}`);
      },
    };
    const outcome = await driver().invoke(invocationOf(version.key, {}), host).outcome;
    expect(outcome).toMatchObject({ kind: "response", status: 200, body: { kind: "text", text: "ok" } });
    expect(await promise).toMatch(logged);
    driver().unload(version.key);
  });
}
