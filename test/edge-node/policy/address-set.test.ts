import { describe, expect, it } from "vitest";
import { addressDigits, createAddressSet } from "../../../edge-node/policy/address-set.ts";

describe("createAddressSet()", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.4", false],
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["10.0.0.0/8", "9.255.255.255", false],
    ["10.1.2.3/8", "10.200.0.1", true],
    ["192.168.4.0/22", "192.168.7.255", true],
    ["192.168.4.0/22", "192.168.8.0", false],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["203.0.113.9/32", "203.0.113.9", true],
    ["2001:db8::/32", "2001:db8:ffff::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["2001:db8::1", "2001:0DB8:0:0::1", true],
    ["::/0", "2001:db8::1", true],
    ["::/0", "10.0.0.1", false],
    ["::ffff:10.0.0.0/104", "10.9.9.9", true],
    ["::ffff:10.0.0.0/104", "11.0.0.0", false],
    ["10.0.0.0/8", "::ffff:10.0.0.1", true],
    ["10.0.0.0/8", "::ffff:a00:1", true],
    ["10.0.0.0/8", "", false],
    ["10.0.0.0/8", "10.0.0.1.evil", false],
    ["10.0.0.0/8", "10.0.0.999", false],
    ["::/0", "fe80::1%eth0", false],
  ])("%s holds %s: %s", (network, address, expected) => {
    expect(createAddressSet([network]).has(address)).toBe(expected);
  });

  it("finds its way among many networks, overlapping and in any order", () => {
    const networks = Array.from({ length: 250 }, (_, index) => `10.${249 - index}.0.0/16`);
    const set = createAddressSet([...networks, "10.7.7.0/24", "10.0.0.0/12", "192.0.2.1"]);
    expect(["10.0.0.0", "10.7.7.7", "10.249.255.255", "192.0.2.1"].every((address) => set.has(address))).toBe(true);
    expect(["10.250.0.0", "9.255.255.255", "192.0.2.2", "192.0.2.0"].some((address) => set.has(address))).toBe(false);
  });

  it.each(["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "host.test", "", "10.0.0/8"])("refuses %j", (entry) => {
    expect(() => createAddressSet([entry])).toThrow(/Cannot read a network/);
  });

  it("an empty set holds nothing", () => {
    expect(createAddressSet([]).has("10.0.0.1")).toBe(false);
  });
});

it("addressDigits() gives IPv4 and IPv6 apart, mapped addresses as IPv4", () => {
  expect(addressDigits("1.2.3.255")).toBe("010203ff");
  expect(addressDigits("::ffff:1.2.3.255")).toBe("010203ff");
  expect(addressDigits("2001:db8::1")).toBe("20010db8000000000000000000000001");
});
