import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNodeConfig, type ConfigInputs, type NodeConfigResult } from "../../edge-node/config.ts";
import { formatProblems } from "../../sdk/problem.ts";

function read(
  overrides: Partial<ConfigInputs> & { readonly files?: Readonly<Record<string, string>> } = {},
): NodeConfigResult {
  const { files = {}, ...inputs } = overrides;
  return readNodeConfig({
    arguments: [],
    environment: { SELVAGE_NODE_TOKEN: "t0ken" },
    hostname: "edge-1.example.com",
    cores: 8,
    readFile: (file) => {
      const text = files[file];
      if (text === undefined) throw new Error("ENOENT: no such file");
      return text;
    },
    ...inputs,
  });
}

function configOf(result: NodeConfigResult): object {
  return result.kind === "config" ? result.config : { result };
}

function problemsOf(result: NodeConfigResult): string {
  return result.kind === "invalid" ? formatProblems(result.problems) : `(${result.kind})`;
}

describe("readNodeConfig()", () => {
  it("needs nothing but a token", () => {
    expect(configOf(read())).toMatchObject({
      name: "edge-1.example.com",
      token: "t0ken",
      control: "http://127.0.0.1:8700",
      port: 8080,
      adminHost: "127.0.0.1",
      adminPort: 8081,
      fronts: 4,
      hosts: 1,
      warmInstances: 1,
      sandbox: "auto",
      spareInstances: 2,
      snapshots: "on",
      driver: "process",
      cacheMiB: 256,
      diskCacheMiB: 1_024,
      diskCacheFolder: path.resolve("data/node/cache"),
      diskCacheMinUses: 2,
      egressAllowNetworks: [],
      originAllowNetworks: [],
      trustedProxyNetworks: [],
      connectionsMax: 20_000,
      connectionsPerAddressMax: 1_000,
      logLevel: "info",
      accessLog: { kind: "file", file: path.resolve("data/node/access.log") },
      drainMs: 30_000,
    });
  });

  it.each([
    ["off", { kind: "off" }],
    ["stdout", { kind: "stdout" }],
    ["/var/log/edge.log", { kind: "file", file: "/var/log/edge.log" }],
  ])("reads %s as where the access log goes", (setting, accessLog) => {
    expect(configOf(read({ arguments: ["--access-log", setting] }))).toMatchObject({ accessLog });
  });

  it("takes a flag before a variable before the file", () => {
    const files = { "selvage.yaml": "node:\n  port: 1001\n  adminPort: 1002\n  hosts: 3\n" };
    const result = read({
      arguments: ["--config", "selvage.yaml", "--port", "3001"],
      environment: { SELVAGE_NODE_TOKEN: "t", SELVAGE_NODE_PORT: "2001", SELVAGE_NODE_ADMIN_PORT: "2002" },
      files,
    });
    expect(configOf(result)).toMatchObject({ port: 3001, adminPort: 2002, hosts: 3 });
  });

  it("reads the token from a file, without its line end", () => {
    const result = read({
      environment: {},
      arguments: ["--token-file", "/run/token"],
      files: { "/run/token": "abc\n" },
    });
    expect(configOf(result)).toMatchObject({ token: "abc" });
  });

  it.each([
    ["weird name!", "weird-name-"],
    ["...", "node"],
    ["x".repeat(80), "x".repeat(63)],
  ])("makes a name of the machine's name %s", (hostname, name) => {
    expect(configOf(read({ hostname }))).toMatchObject({ name });
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [64, 32],
  ])("on %i cores runs %i fronts", (cores, fronts) => {
    expect(configOf(read({ cores }))).toMatchObject({ fronts });
  });

  it.each([
    [["--disk-cache-mib", "0"], { diskCacheMiB: 0 }],
    [["--disk-cache-mib", "32"], { diskCacheMiB: 32 }],
    [["--data", "/d"], { diskCacheFolder: "/d/cache" }],
    [["--disk-cache-folder", "/fast"], { diskCacheFolder: "/fast" }],
    [["--disk-cache-min-uses", "1"], { diskCacheMinUses: 1 }],
  ])("with %j the disk cache is %j", (words, expected) => {
    expect(configOf(read({ arguments: words }))).toMatchObject(expected);
  });

  it("refuses a disk cache that is too small to be one", () => {
    const text = "node.diskCacheMiB: received 31, allowed: 0 for none, or an integer from 32";
    expect(problemsOf(read({ arguments: ["--disk-cache-mib", "31"] }))).toContain(text);
  });

  it.each(["--connections-max", "--connections-per-address-max"])("refuses %s outside of its range", (flag) => {
    for (const value of ["0", "1000001", "1.5", "-1"]) {
      expect(problemsOf(read({ arguments: [`${flag}=${value}`] }))).toContain(
        `${flag}: received "${value}", allowed: an integer 1..1000000`,
      );
    }
  });

  it("is frozen", () => {
    expect(Object.isFrozen(configOf(read()))).toBe(true);
  });

  it("gives help instead, listing every flag", () => {
    const result = read({ arguments: ["--help"], environment: {} });
    expect(result.kind).toBe("help");
    const text = result.kind === "help" ? result.text : "";
    for (const flag of ["--control", "--token-file", "--fronts", "--origin-allow-networks"])
      expect(text).toContain(flag);
  });

  it("reports everything that is wrong together, each with its place", () => {
    const result = read({
      environment: { SELVAGE_NODE_FRONTS: "0" },
      arguments: [
        "--config",
        "selvage.json",
        "--port",
        "70000",
        "--egress-allow-networks",
        "10.0.0.0/8,everything",
        "--trusted-proxy-networks",
        "10.0.0.0/99",
      ],
      files: { "selvage.json": `{ "node": { "driver": "threads", "colour": "red" } }` },
    });
    const problems = problemsOf(result);
    for (const place of [
      "SELVAGE_NODE_FRONTS",
      "--port",
      "node.driver",
      "node.colour",
      "node.egressAllowNetworks",
      "node.trustedProxyNetworks",
      "node.token",
    ]) {
      expect(problems).toContain(place);
    }
    expect(problems).toContain(`"everything"`);
    expect(problems).not.toContain(`"10.0.0.0/8"`);
  });

  it.each([
    ["a control URL with credentials", ["--control", "http://user:pass@host"], "--control"],
    ["a control URL that is not http", ["--control", "ftp://host"], "--control"],
    ["an unknown flag", ["--speed", "fast"], "--speed"],
    ["a name with a slash", ["--name", "a/b"], "--name"],
    ["a token file that is not there", ["--token-file", "/nowhere"], "/nowhere"],
    ["a configuration file that is not there", ["--config", "/nowhere.yaml"], "/nowhere.yaml"],
  ])("refuses %s", (_name, words, place) => {
    expect(problemsOf(read({ arguments: words, environment: {} }))).toContain(place);
  });

  it("refuses a token file that holds no token", () => {
    const result = read({ environment: {}, arguments: ["--token-file", "f"], files: { f: "two words\n" } });
    expect(problemsOf(result)).toContain("does not hold a token");
  });

  it("never shows a token in a problem", () => {
    const problems = problemsOf(read({ environment: { SELVAGE_NODE_TOKEN: "se cret" } }));
    expect(problems).toContain("SELVAGE_NODE_TOKEN");
    expect(problems).not.toContain("se cret");
  });
});
