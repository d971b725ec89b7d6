/** The runtime's environment in a Node.js process: its clock, timers, randomness and WebCrypto. */
import { randomFillSync, webcrypto } from "node:crypto";
import { domainToASCII } from "node:url";
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";

/** `onCatastrophe` must end the process without cleaning up: V8 cannot go on (`process.exit` would hang). */
export function nodeRuntimeEnvironment(onCatastrophe: RuntimeEnvironment["onCatastrophe"]): RuntimeEnvironment {
  return {
    nowMs: () => performance.now(),
    processCpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    threadCpuMs: () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1_000;
    },
    startTimer: (delayMs, fire) => {
      const timer = setTimeout(fire, delayMs);
      return () => {
        clearTimeout(timer);
      };
    },
    afterTick: (flush) => {
      setImmediate(flush);
    },
    randomBytes: (lengthBytes) => {
      const bytes = new ArrayBuffer(lengthBytes);
      randomFillSync(new Uint8Array(bytes));
      return bytes;
    },
    domainToAscii: (domain) => domainToASCII(domain),
    webCrypto: webcrypto,
    onCatastrophe,
  };
}
