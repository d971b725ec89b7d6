/**
 * Process entry of a builder: evaluates one hostile module, makes its snapshot, and is killed.
 *
 * It gets one job on standard input and answers with frames on descriptor 3 (V8 prints its last words on the others). It holds no secret, no network and no disk worth
 * reading. Each finding is written before the next, more dangerous step begins, so that dying later loses nothing.
 */
import { writeSync } from "node:fs";
import { createFunctionSnapshot, evaluateModule, tryInitializer } from "../../runtime/evaluate-module.ts";
import { parseGuestCode } from "../../runtime/guest-code.ts";
import { runtimeKey } from "../../runtime/runtime-key.ts";
import { publishLimits } from "../../sdk/limits.ts";
import type { JobHeader } from "./build-messages.ts";
import { FrameDecoder, encodeFrame, type Frame } from "./frame-stream.ts";
import { ownStack } from "./own-stack.ts";

const noBytes = new Uint8Array(0);
const jobBytesMax = publishLimits.bundleBytesMax * 4;

/** Written at once: the process may be dead before a stream would get to it. */
function say(header: Readonly<Record<string, unknown>>, payload: Uint8Array): void {
  const frame = encodeFrame(header, payload);
  for (let written = 0; written < frame.byteLength;) {
    written += writeSome(frame.subarray(written));
  }
}

function writeSome(bytes: Uint8Array): number {
  try {
    return writeSync(3, bytes);
  } catch (error) {
    // The pipe is full; its reader is the control plane, which empties it or kills this process.
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      return 0;
    }
    throw error;
  }
}

async function work({ header, payload }: Frame): Promise<void> {
  const job = header as JobHeader;
  const text = new TextDecoder();
  const guest = parseGuestCode(text.decode(payload.subarray(0, job.guestBytes)));
  let at = job.guestBytes + job.codeBytes;
  const code = text.decode(payload.subarray(job.guestBytes, at));
  const wasm = job.wasm.map(({ digest, bytes }) => ({ digest, bytes: payload.subarray(at, (at += bytes)) }));
  const { allowEval, memoryMiB, timeoutMs, handler, named } = job;
  const settings = { memoryMiB, timeoutMs, allowEval, named, ...(handler === null ? {} : { handler }) };
  const options = { guest, code, wasm, ...settings, snapshot: false };
  const evaluation = await evaluateModule(options);
  if (!evaluation.ok) {
    const { code: errorCode, message, stack } = evaluation;
    say({ kind: "refused", code: errorCode, message, stack: ownStack(stack) }, noBytes);
    return;
  }
  say({ kind: "evaluated", hooks: evaluation.hooks, runtimeKey: runtimeKey(guest) }, noBytes);
  if (!job.snapshot) return;
  const { initialize } = job;
  const tried =
    initialize === null ? { parts: evaluation.parts, refusal: null } : await tryInitializer(options, initialize);
  if (tried.refusal !== null) {
    say({ kind: "no-snapshot", reason: tried.refusal }, noBytes);
    return;
  }
  try {
    const { parts } = tried;
    const facts = initialize?.facts ?? null;
    say({ kind: "snapshot" }, createFunctionSnapshot(guest, { code, parts, allowEval, initialize: facts }));
  } catch (error) {
    say({ kind: "no-snapshot", reason: error instanceof Error ? error.message : String(error) }, noBytes);
  }
}

/** The isolate's thread is lost after this, and process.exit() would wait for it for ever. */
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.kill(process.pid, "SIGKILL");
});

const decoder = new FrameDecoder(jobBytesMax);
process.stdin.on("data", (chunk: Buffer) => {
  const [job] = decoder.push(chunk);
  if (job === undefined) return;
  process.stdin.pause();
  void work(job).finally(() => {
    process.kill(process.pid, "SIGKILL");
  });
});
process.stdin.on("end", () => {
  process.exit(0);
});
say({ kind: "ready" }, noBytes);
