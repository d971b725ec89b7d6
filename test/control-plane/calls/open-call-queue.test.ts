import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CallQueue } from "../../../control-plane/calls/call-queue.ts";
import { openCallQueue, type CallQueueOptions } from "../../../control-plane/calls/open-call-queue.ts";
import { systemClock } from "../../../control-plane/clock.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { chainOf, keyOf } from "../../support/certificates.ts";
import { findNats, startNats } from "../../../bench/harness/nats-server.ts";
import { newCall } from "./new-call.ts";

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "selvage-queue-"));
});
afterEach(() => rm(data, { recursive: true }));

function open(settings: Partial<CallQueueOptions["config"]>): Promise<CallQueue> {
  const queue = { callQueueStream: "Q", callQueueReplicas: 1, callQueueMaxMib: 16, callQueueCredentialsFile: null };
  const config = { data, callQueue: null, ...queue, ...settings };
  return openCallQueue({ config, owner: "test", clock: systemClock, logger: silentLogger });
}

describe("openCallQueue()", () => {
  it("opens a file in the data folder where no other is set", async () => {
    const queue = await open({});
    await queue.accept(newCall("a"));
    await queue.close();
    const again = await open({});
    expect(await again.get("a")).toMatchObject({ state: "wait" });
    await again.close();
  });

  it("names a credentials file that cannot be read", async () => {
    const file = join(data, "none.creds");
    const opening = open({ callQueue: "nats://127.0.0.1:1", callQueueCredentialsFile: file });
    await expect(opening).rejects.toThrow(/^Cannot read the call queue's credentials: ENOENT.*none\.creds/);
  });
});

describe("openCallQueue() with tls://", () => {
  it("sends nothing to a server that does not encrypt", async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on("data", (bytes: Buffer) => received.push(bytes));
      // It is closed by the other side.
      socket.on("error", () => {});
      const info = { server_id: "x", version: "2.9.10", headers: true, max_payload: 1_048_576, proto: 1 };
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const opening = open({ callQueue: `tls://user:password@127.0.0.1:${String(port)}` });
    await expect(opening).rejects.toThrow("Cannot connect to NATS: ");
    expect(Buffer.concat(received).toString()).toBe("");
    server.close();
  });
});

describe.skipIf(findNats().kind === "missing")("openCallQueue() on NATS", () => {
  it("refuses credentials that are none", async () => {
    const server = await startNats();
    const file = join(data, "wrong.creds");
    await writeFile(file, "secret words");
    const opening = open({ callQueue: server.url, callQueueCredentialsFile: file });
    await expect(opening).rejects.toThrow("Cannot connect to NATS: ");
    await expect(opening).rejects.not.toThrow("secret words");
    await server.stop();
  });

  it("trusts no certificate that nobody signed", async () => {
    const certificate = join(data, "certificate.pem");
    const key = join(data, "key.pem");
    await writeFile(certificate, chainOf("www"));
    await writeFile(key, keyOf("www"));
    const encrypted = await startNats([`tls { cert_file: "${certificate}", key_file: "${key}" }`]);
    const withTls = encrypted.url.replace("nats://", "tls://");
    await expect(open({ callQueue: withTls })).rejects.toThrow(/Cannot connect to NATS: .*certificate/);
    await expect(open({ callQueue: encrypted.url })).rejects.toThrow(/Cannot connect to NATS: .*certificate/);
    await encrypted.stop();
  });

  it("refuses a server without JetStream, and one whose messages are too small", async () => {
    const small = await startNats(["max_payload: 65536"]);
    await expect(open({ callQueue: small.url })).rejects.toThrow(
      "Cannot use JetStream: the server's max_payload is 65536, allowed: at least 786432",
    );
    await small.stop();
    const without = await startNats(["jetstream: disabled"]);
    await expect(open({ callQueue: without.url })).rejects.toThrow(/^Cannot use JetStream: .*not enabled/);
    await without.stop();
  });
});
