/** Runs code in real instances of this process, with WebAssembly modules at hand: `modules.NAME` those a version imports, `bytes.NAME` plain bytes. */
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import type { Outcome, RunnableVersion } from "../../runtime/driver.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

export interface WasmCode {
  /** The module's top level. */
  readonly top?: string;
  /** The body of an async fetch(); what it returns is sent as JSON. */
  readonly body: string;
  readonly modules?: Readonly<Record<string, Uint8Array>>;
  readonly bytes?: Readonly<Record<string, Uint8Array>>;
  readonly limits?: Partial<FunctionLimits>;
}

export class WasmInstances {
  readonly #driver: LocalDriver;

  private constructor(driver: LocalDriver) {
    this.#driver = driver;
  }

  static async start(baseSnapshot: Uint8Array | null = null): Promise<WasmInstances> {
    const environment = nodeRuntimeEnvironment((message) => {
      throw new Error(message);
    });
    const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot, spares: 0 });
    await driver.start();
    return new WasmInstances(driver);
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  /** What the code returned, or `CODE: message` of how it failed. */
  async run(code: WasmCode): Promise<unknown> {
    const version = versionFrom(code);
    await this.load(version);
    return valueOf(await this.invoke(version));
  }

  load(version: RunnableVersion): Promise<void> {
    return this.#driver.load(version);
  }

  invoke(version: RunnableVersion): Promise<Outcome> {
    return this.#driver.invoke(invocationOf(version.key, {}), quietHost([])).outcome;
  }
}

export async function valueOf(outcome: Outcome): Promise<unknown> {
  if (outcome.kind === "failed") return `${outcome.code}: ${outcome.message}`;
  return JSON.parse(await textOf(outcome));
}

/** A version as the bundler would have made it. */
export function versionFrom({ top = "", body, modules = {}, bytes = {}, limits = {} }: WasmCode): RunnableVersion {
  const wasm = Object.entries(modules).map(([digest, content]) => ({ digest, bytes: content }));
  const literals = Object.entries(bytes).map(
    ([name, content]) =>
      `${name}: Uint8Array.from(atob("${Buffer.from(content).toString("base64")}"), (c) => c.charCodeAt(0))`,
  );
  const script = `var __selvageModule = (() => {
    const attempt = (run) => { try { return run(); } catch (error) { return error.name + ": " + error.message; } };
    const bytes = { ${literals.join(", ")} };
    ${top}
    const work = async () => { ${body} };
    return { default: { async fetch() { return Response.json((await work()) ?? null); } } };
  })();`;
  const version = versionOf("{}", { memoryMiB: 64, cpuMs: 5_000, ...limits });
  const code = wasm.length === 0 ? script : `{const modules=__selvageTakeWasm();\n${script}}\n`;
  return { ...version, code, wasm };
}
