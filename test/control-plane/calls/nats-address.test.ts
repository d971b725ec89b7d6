import { describe, expect, it } from "vitest";
import { parseNatsAddress } from "../../../control-plane/calls/nats-address.ts";
import { textOf, tokenOf } from "../../../control-plane/calls/nats-streams.ts";

describe("parseNatsAddress()", () => {
  it.each([
    ["nats://127.0.0.1", { servers: ["127.0.0.1:4222"], tls: false, login: { kind: "none" } }],
    [
      "tls://us%65r:p%40ss@a.example:4223,tls://b.example",
      {
        servers: ["a.example:4223", "b.example:4222"],
        tls: true,
        login: { kind: "user", user: "user", password: "p@ss" },
      },
    ],
    ["nats://secret@[::1]:1", { servers: ["[::1]:1"], tls: false, login: { kind: "token", token: "secret" } }],
    [
      "nats://u:p@a,nats://u:p@b",
      { servers: ["a:4222", "b:4222"], tls: false, login: { kind: "user", user: "u", password: "p" } },
    ],
  ])("reads %s", (text, address) => {
    expect(parseNatsAddress(text)).toEqual(address);
  });

  it.each([
    "",
    "127.0.0.1:4222",
    "http://a",
    "nats://",
    "nats://a/path",
    "nats://a?x=1",
    "nats://a,",
    "nats://a b",
    "nats://a:99999",
    "nats://a,tls://b",
    "nats://u:p@a,nats://v:p@b",
    "nats://%zz@a",
    Array.from({ length: 17 }, () => "nats://a").join(","),
  ])("refuses %j", (text) => {
    expect(parseNatsAddress(text)).toBeNull();
  });
});

describe("tokenOf()", () => {
  it.each(["orders", "orders.eu-1_x", "*", ">", "a b", "ü=%", ""])("makes one token of %j and back", (text) => {
    expect(tokenOf(text)).toMatch(/^[A-Za-z0-9_=-]*$/);
    expect(textOf(tokenOf(text))).toBe(text);
  });
});
