import { describe, expect, it } from "vitest";
import { createEgressPolicy } from "../../sdk/egress-policy.ts";

describe("a policy without networks", () => {
  const policy = createEgressPolicy();

  it.each(["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8"])(
    "allows %s",
    (address) => {
      expect(policy.allows(address)).toBe(true);
    },
  );

  it.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "100::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "localhost",
    "example.com",
    "",
    "127.1 ",
  ])("refuses %s", (address) => {
    expect(policy.allows(address)).toBe(false);
  });
});

describe("a policy with networks", () => {
  const policy = createEgressPolicy({
    allowNetworks: ["127.0.0.0/8", "10.1.0.0/16", "fd00::/8", "::ffff:192.168.0.0/112"],
  });

  it.each(["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "fd12::1", "192.168.3.4", "8.8.8.8"])(
    "allows %s",
    (address) => {
      expect(policy.allows(address)).toBe(true);
    },
  );

  it.each(["10.2.0.1", "192.168.0.1%1", "::1", "fc00::1", "169.254.169.254"])("refuses %s", (address) => {
    expect(policy.allows(address)).toBe(false);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "nonsense", "", "10.0.0.0/-1"])("cannot be made with %j", (network) => {
    expect(() => createEgressPolicy({ allowNetworks: [network] })).toThrow(`received ${network}`);
  });
});
