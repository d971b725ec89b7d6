/** Fronts with an empty memory on a folder that others wrote to or will. */
import type http from "node:http";
import { expect, onTestFinished } from "vitest";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import type { KeyHash } from "../../../edge-node/cache/disk/key-hash.ts";
import { openDiskStore } from "../../../edge-node/cache/disk/open-disk-store.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { ask } from "./client.ts";
import type { Edge, EdgeOptions } from "./edge.ts";
import { FakeClock } from "./fake-clock.ts";
import type { Opened } from "./opened.ts";
import type { Origin } from "./origin.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export type Reply = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export interface OnDisk {
  readonly front: Edge;
  readonly store: DiskStore;
}

export type OnDiskOptions = EdgeOptions & {
  readonly wrap?: (store: DiskStore) => DiskStore;
  /** Default 1. */
  readonly minUses?: number;
  readonly announce?: (key: KeyHash) => void;
  /** See openDiskStore. Default 0. */
  readonly recentBytesMax?: number;
};

/** Bytes. */
const objectBytesMax = 16_000_000;

export class DiskEdges {
  readonly #opened: Opened;

  constructor(opened: Opened) {
    this.#opened = opened;
  }

  async frontOn(folder: string, options: OnDiskOptions = {}): Promise<OnDisk> {
    const {
      wrap = (same: DiskStore) => same,
      minUses = 1,
      announce,
      recentBytesMax = 0,
      front: more,
      ...rest
    } = options;
    const store = await openDiskStore({
      folder,
      bytesMax: 134_217_728,
      objectBytesMax,
      recentBytesMax,
      // No deadline of the disk passes and no read is slow, however slow this machine and its disk are.
      clock: new FakeClock(),
      logger: silentLogger,
      ...(announce === undefined ? {} : { announce }),
    });
    onTestFinished(() => store.close());
    const disk = { store: wrap(store), objectBytesMax, minUses };
    return { store, front: await this.#opened.edge({ ...rest, front: { disk, ...more } }) };
  }

  /** A folder on which a front left an answer, and the origin that it came from. */
  async written(
    reply: Reply,
    { path = "/", isClosed = false }: { readonly path?: string; readonly isClosed?: boolean } = {},
  ): Promise<OnDisk & { readonly folder: string; readonly source: Origin }> {
    const source = await this.#opened.origin(reply);
    const folder = await temporaryFolder();
    const { front, store } = await this.frontOn(folder, { origins: [source.port] });
    await ask(front.port, path);
    await hasWritten(store, 1);
    if (isClosed) await front.close();
    return { front, store, folder, source };
  }
}

/** Once `count` entries were written. */
export async function hasWritten(store: DiskStore, count: number): Promise<void> {
  await expect.poll(() => store.stats.writes).toBeGreaterThanOrEqual(count);
}

export function statusOf(answer: { readonly headers: Readonly<Record<string, unknown>> }): string {
  return String(answer.headers["cache-status"]);
}

export const freshAnswer: Reply = (request, response) => {
  response.setHeader("cache-control", "max-age=60");
  response.setHeader("etag", '"a"');
  response.setHeader("cache-tag", "red");
  response.end(`answer to ${request.url}`);
};

/** The store as an object of its own, whose methods can be replaced. */
export function bound(store: DiskStore): DiskStore {
  return {
    mayHave: (key) => store.mayHave(key),
    isKnown: (key) => store.isKnown(key),
    learn: (key) => store.learn(key),
    read: (key) => store.read(key),
    peek: (key) => store.peek(key),
    readNow: (key) => store.readNow(key),
    begin: (key, head, options) => store.begin(key, head, options),
    replaceHead: (key, head, options) => store.replaceHead(key, head, options),
    delete: (key) => store.delete(key),
    get stats() {
      return store.stats;
    },
    close: () => store.close(),
  };
}
