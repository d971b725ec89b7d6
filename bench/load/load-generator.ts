/**
 * Puts load on one loopback URL for a bounded time and reports what came back.
 *
 * wrk is used where it is installed: one thread of it drives a server faster than any generator written in JavaScript.
 * Otherwise autocannon (npm) runs, and its own ceiling then limits every server alike; reports name the generator.
 */
import { fileURLToPath } from "node:url";
import { runToEnd } from "../harness/child-process.ts";
import { nodeBinary } from "../harness/project-files.ts";
import { parseAutocannonOutput } from "./autocannon-output.ts";
import type { LoadResult } from "./load-result.ts";
import { parseWrkOutput } from "./wrk-output.ts";

export type Generator = "wrk" | "autocannon";

export interface Load {
  readonly generator: Generator;
  /** Loopback only. */
  readonly url: string;
  readonly host: string;
  readonly connections: number;
  /** Ask for `/0` to one less than this below the URL, in turn. autocannon asks for `/0` only. Default: the URL itself. */
  readonly objects?: number;
  /** 1..600. */
  readonly seconds: number;
  /** Default: GET without a body. */
  readonly post?: { readonly json: string; readonly token: string };
}

/** wrk when it answers, else autocannon. */
export async function findGenerator(env: Readonly<Record<string, string>>): Promise<Generator> {
  try {
    const { stdout, stderr } = await runToEnd({ name: "wrk", command: "wrk", args: ["--version"], env }, 5_000);
    return /^wrk /m.test(stdout + stderr) ? "wrk" : "autocannon";
  } catch {
    return "autocannon";
  }
}

/**
 * One run.
 * @throws Error when the URL is not on loopback, the bounds are not kept, or the generator fails.
 */
export async function putLoad(load: Load, env: Readonly<Record<string, string>>): Promise<LoadResult> {
  const { hostname } = new URL(load.url);
  if (hostname !== "127.0.0.1") throw new Error(`Cannot put load on ${hostname}: only 127.0.0.1 is allowed`);
  if (!(load.seconds >= 1 && load.seconds <= 600)) {
    throw new Error(`Cannot put load: seconds must be 1..600: received ${load.seconds}`);
  }
  const { command, args } = load.generator === "wrk" ? wrkCommand(load) : autocannonCommand(load);
  const result = await runToEnd({ name: load.generator, command, args, env }, (load.seconds + 20) * 1_000);
  if (result.code !== 0) throw new Error(`${load.generator} failed: ${result.stderr}${result.stdout}`);
  return load.generator === "wrk" ? parseWrkOutput(result.stdout) : parseAutocannonOutput(result.stdout);
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

function wrkCommand(load: Load): Command {
  const shape = ["-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--timeout", "5s", "--latency"];
  const common = [...shape, "-H", `Host: ${load.host}`];
  if (load.post !== undefined) {
    const script = fileURLToPath(new URL("post.lua", import.meta.url));
    const authorization = `Authorization: Bearer ${load.post.token}`;
    return { command: "wrk", args: [...common, "-H", authorization, "-s", script, load.url, "--", load.post.json] };
  }
  if (load.objects === undefined) return { command: "wrk", args: [...common, load.url] };
  const script = fileURLToPath(new URL("rotate.lua", import.meta.url));
  const rotation = ["--", new URL(load.url).pathname, String(load.objects)];
  return { command: "wrk", args: [...common, "-s", script, load.url, ...rotation] };
}

function autocannonCommand(load: Load): Command {
  const script = fileURLToPath(import.meta.resolve("autocannon/autocannon.js"));
  const shape = ["-c", String(load.connections), "-d", String(load.seconds), "-t", "5", "--no-progress", "--json"];
  const url = load.objects === undefined ? load.url : `${load.url}/0`;
  const post = load.post === undefined ? [] : postArguments(load.post);
  return { command: nodeBinary, args: [script, ...shape, ...post, "-H", `host=${load.host}`, url] };
}

function postArguments({ json, token }: NonNullable<Load["post"]>): readonly string[] {
  return ["-m", "POST", "-b", json, "-H", "content-type=application/json", "-H", `authorization=Bearer ${token}`];
}
