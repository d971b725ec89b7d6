/**
 * Fills the disk cache of a node that does not run, in a process of its own: prints one JSON object.
 *
 * `node fill-cache-main.ts FOLDER MIB DOMAIN OBJECTS BODY_BYTES SECONDS_MAX` writes answers to `http://DOMAIN/objects/<number>` as the node itself
 * would, as many as it can within the time.
 */
import { randomFillSync } from "node:crypto";
import { openDiskStore } from "../../edge-node/cache/disk/open-disk-store.ts";
import { encodeAnswerHead } from "../../edge-node/cache/stored-head.ts";
import { systemClock } from "../../edge-node/clock.ts";
import { silentLogger } from "../../edge-node/logger.ts";

const AT_ONCE = 64;
const DAY_MS = 86_400_000;

const [folder = "", mib = "0", domain = "", objects = "0", bodyBytes = "0", secondsMax = "0"] = process.argv.slice(2);
const store = await openDiskStore({
  folder,
  bytesMax: Number(mib) * 1_048_576,
  objectBytesMax: 1_048_576,
  clock: systemClock,
  logger: silentLogger,
});
const body = randomFillSync(Buffer.alloc(Number(bodyBytes)));
const begunMs = performance.now();
const endMs = begunMs + Number(secondsMax) * 1_000;
let next = 0;
let written = 0;
await Promise.all(Array.from({ length: AT_ONCE }, lane));
process.stdout.write(`${JSON.stringify({ written, fillMs: performance.now() - begunMs, stats: store.stats })}\n`);
await store.close();

async function lane(): Promise<void> {
  while (next < Number(objects) && performance.now() < endMs) {
    const path = `/objects/${next++}`;
    const writer = store.begin(`${domain} http://${domain}${path}`, headOf(path));
    await writer.write(body);
    if (await writer.finish()) written++;
  }
}

function headOf(path: string): Uint8Array {
  const now = systemClock.now();
  const until = now + DAY_MS;
  return encodeAnswerHead({
    kind: "answer",
    status: 200,
    headers: 'content-type:application/octet-stream\ncache-control:public, max-age=86400\netag:"1"\n',
    bornAt: now,
    freshUntil: until,
    staleWhileRevalidateUntil: until,
    staleIfErrorUntil: until,
    staleOnFailureUntil: until,
    isFixed: false,
    isAlwaysValidated: false,
    domain,
    path,
    query: "",
    tags: [],
    requestedAt: now,
  });
}
