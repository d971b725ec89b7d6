/** Claims about which connections a front accepts. */
import { describe, expect, it } from "vitest";
import { ConnectionGate, networkOf, type Census } from "../../../edge-node/front/connection-gate.ts";
import { countConnections } from "../../../edge-node/front/tcp-census.ts";
import { ManualClock } from "../support/edge.ts";

interface Made {
  readonly gate: ConnectionGate;
  readonly clock: ManualClock;
  /** Opens so many plain connections of a network; how many of them may stay. */
  readonly open: (network: string, count: number) => number;
}

function gateWith(options: { connectionsMax?: number; perAddressMax?: number; census?: Census | null } = {}): Made {
  const { connectionsMax = 100, perAddressMax = 10, census = null } = options;
  const clock = new ManualClock();
  const isExempt = (address: string): boolean => address === "proxy";
  const gate = new ConnectionGate({ connectionsMax, perAddressMax, isExempt, census, clock });
  const open = (network: string, count: number): number => {
    let stayed = 0;
    for (let index = 0; index < count; index++) {
      if (gate.plainOpened({ network, address: () => network })) stayed++;
      else gate.plainClosed();
    }
    return stayed;
  };
  return { gate, clock, open };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("ConnectionGate", () => {
  it("bounds connections of both ports together, and takes more when one left", () => {
    const { gate, open } = gateWith({ connectionsMax: 3 });
    expect(gate.tlsOpened({ network: "t", address: () => "t" })).toBe(true);
    expect(open("a", 3)).toBe(2);
    expect(gate.counts).toEqual({ open: 3, refusedByFront: 1, refusedByAddress: 0 });
    gate.tlsClosed("t");
    expect(open("a", 2)).toBe(1);
  });

  it("bounds those of one address over TLS, where it knows who leaves", () => {
    const { gate } = gateWith({ perAddressMax: 1 });
    const peer = { network: "a", address: () => "a" };
    expect([gate.tlsOpened(peer), gate.tlsOpened(peer)]).toEqual([true, false]);
    gate.tlsClosed("a");
    gate.tlsClosed("a");
    expect(gate.tlsOpened(peer)).toBe(true);
    expect(gate.counts).toMatchObject({ open: 1, refusedByAddress: 1 });
  });

  it("bounds those of one address on the plain port, and leaves others alone", () => {
    const { open } = gateWith({ census: () => new Promise(() => {}) });
    expect([open("a", 12), open("b", 5), open("a", 1)]).toEqual([10, 5, 0]);
  });

  it("a proxy that is trusted may have more", () => {
    const { open } = gateWith({ census: () => new Promise(() => {}) });
    expect(open("proxy", 12)).toBe(12);
  });

  it("looks at the system's table before it refuses, so that who came and went is not held to what he had", async () => {
    let looks = 0;
    const { open, clock } = gateWith({
      census: () => {
        looks++;
        return Promise.resolve(new Map([["a", 1]]));
      },
    });
    expect(open("a", 6)).toBe(6);
    await settled();
    expect([looks, open("a", 9)]).toEqual([1, 9]);
    expect(open("a", 1)).toBe(0);
    clock.advance(1_000);
    expect(open("a", 1)).toBe(0);
    await settled();
    expect([looks, open("a", 9)]).toEqual([2, 9]);
  });

  it("looks at most once a second", async () => {
    let looks = 0;
    const { open, clock } = gateWith({
      census: () => {
        looks++;
        return Promise.resolve(new Map());
      },
    });
    for (const _round of [1, 2, 3]) {
      open("a", 8);
      await settled();
    }
    expect(looks).toBe(1);
    clock.advance(1_000);
    open("a", 8);
    expect(looks).toBe(2);
  });

  it("has no bound for addresses of the plain port where the system does not say", async () => {
    expect(gateWith({ census: null }).open("a", 50)).toBe(50);
    const { open } = gateWith({ census: () => Promise.resolve(null) });
    open("a", 6);
    await settled();
    expect(open("a", 10)).toBe(10);
  });

  it("begins anew when nobody is connected", () => {
    const { gate, open } = gateWith({ census: () => new Promise(() => {}) });
    open("a", 10);
    for (let index = 0; index < 10; index++) gate.plainClosed();
    expect(open("a", 10)).toBe(10);
  });
});

describe("networkOf()", () => {
  it.each([
    ["IPv4", [203, 0, 113, 7], "cb007107"],
    ["IPv4 in IPv6", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 7], "cb007107"],
    ["IPv6 by its /64", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9], "20010db800000001"],
    ["nothing", [], ""],
  ])("%s", (_case, octets, network) => {
    expect(networkOf(Uint8Array.from(octets))).toBe(network);
  });
});

describe("countConnections()", () => {
  it("counts established connections with the port, by the same networks", () => {
    const table = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1065 1 0 100 0 0 10 0",
      "   1: 0100007F:1F90 077100CB:E5BC 01 00000000:00000000 03:00000ACA 00000000     0        0 0 3 0",
      "   2: 0100007F:1F90 077100CB:E5BD 01 00000000:00000000 03:00000ACA 00000000     0        0 0 3 0",
      "   3: 0100007F:1F90 077100CB:E5BE 06 00000000:00000000 03:00000ACA 00000000     0        0 0 3 0",
      "   4: 0100007F:1F91 077100CB:E5BF 01 00000000:00000000 03:00000ACA 00000000     0        0 0 3 0",
      "  10: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF0000077100CB:E5C0 01 00000000:00000000 0 0",
      "  11: 00000000000000000000000001000000:1F90 B80D0120010000000900000009000000:E5C1 01 00000000:00000000 0 0",
      "nonsense",
      "",
    ].join("\n");
    const counts = new Map<string, number>();
    countConnections(table, { port: 8_080, counts });
    expect(Object.fromEntries(counts)).toEqual({ cb007107: 3, "20010db800000001": 1 });
  });
});
