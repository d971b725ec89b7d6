import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readControlPlaneConfig, type ConfigInputs } from "../../control-plane/config.ts";

const inputs = (changes: Partial<ConfigInputs> = {}): ConfigInputs => ({
  arguments: [],
  environment: {},
  readFile: () => {
    throw new Error("no such file");
  },
  ...changes,
});

function problemsOf(changes: Partial<ConfigInputs>): string[] {
  const result = readControlPlaneConfig(inputs(changes));
  return result.kind === "invalid" ? result.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe("readControlPlaneConfig()", () => {
  it("needs nothing", () => {
    const result = readControlPlaneConfig(inputs());
    expect(result).toEqual({
      kind: "config",
      config: {
        host: "127.0.0.1",
        port: 8_700,
        data: resolve("data/control-plane"),
        masterKeyFile: resolve("data/control-plane/master.key"),
        store: null,
        backupFolder: resolve("data/control-plane/backups"),
        backupEveryMinutes: 60,
        backupKeepDays: 7,
        auditKeepDays: 7,
        adminToken: null,
        destinationAllowNetworks: [],
        codeAllowNetworks: [],
        callQueue: null,
        callQueueCredentialsFile: null,
        callQueueStream: "SELVAGE_CALLS",
        callQueueReplicas: 1,
        callQueueMaxMib: 1_024,
        requestsPerAddress: 20_000,
        requestsPerToken: 10_000,
        wrongTokensPerAddress: 30,
        logLevel: "info",
      },
    });
    expect(result.kind === "config" && Object.isFrozen(result.config)).toBe(true);
  });

  it("takes flags before variables before the file's section", () => {
    const result = readControlPlaneConfig(
      inputs({
        arguments: ["--config", "selvage.yaml", "--port", "1"],
        environment: { SELVAGE_CONTROL_PLANE_PORT: "2", SELVAGE_CONTROL_PLANE_HOST: "::1" },
        readFile: () => "controlPlane: { port: 3, host: 0.0.0.0, data: /srv/selvage, masterKeyFile: /run/key }",
      }),
    );
    expect(result).toMatchObject({
      config: { port: 1, host: "::1", data: "/srv/selvage", masterKeyFile: "/run/key" },
    });
  });

  it("reports everything that is wrong, and no secret", () => {
    const problems = problemsOf({
      arguments: ["--port", "65536"],
      environment: { SELVAGE_ADMIN_TOKEN: "too short", SELVAGE_LOG_LEVEL: "loud" },
    });
    expect(problems).toEqual([
      '--port: received "65536", allowed: an integer 0..65535',
      "SELVAGE_ADMIN_TOKEN: received (not shown), allowed: 16..256 printable ASCII characters without blanks",
      'SELVAGE_LOG_LEVEL: received "loud", allowed: debug, info, warn, error, silent',
    ]);
  });

  it("takes a PostgreSQL database as the store, and never shows what it refuses of it", () => {
    const store = "postgres://selvage:secret@db.internal:5432/selvage?sslmode=verify-full";
    const result = readControlPlaneConfig(inputs({ environment: { SELVAGE_CONTROL_PLANE_STORE: store } }));
    expect(result).toMatchObject({ config: { store } });
    for (const wrong of ["mysql://selvage:secret@db/selvage", "postgres://", "postgres://selvage:sec ret@db/selvage"]) {
      const [problem = ""] = problemsOf({ environment: { SELVAGE_CONTROL_PLANE_STORE: wrong } });
      expect(problem).toMatch(/^SELVAGE_CONTROL_PLANE_STORE: received \(not shown\), allowed: postgres:\/\/USER/);
    }
  });

  it("takes a NATS server as the call queue, and never shows what it refuses of it", () => {
    const callQueue = "tls://selvage:secret@a.internal,tls://b.internal:4223";
    const environment = { SELVAGE_CONTROL_PLANE_CALL_QUEUE: callQueue };
    expect(readControlPlaneConfig(inputs({ environment }))).toMatchObject({ config: { callQueue } });
    const bare = { SELVAGE_CONTROL_PLANE_CALL_QUEUE: "nats://a.internal" };
    const file = ["--call-queue-credentials-file", "x.creds", "--call-queue-replicas", "3"];
    expect(readControlPlaneConfig(inputs({ environment: bare, arguments: file }))).toMatchObject({
      config: { callQueueCredentialsFile: resolve("x.creds"), callQueueReplicas: 3 },
    });
    for (const wrong of ["http://u:secret@a", "nats://", "nats://u:secret@a/x", "nats://u:secret@a,tls://b"]) {
      const [problem = "", ...more] = problemsOf({ environment: { SELVAGE_CONTROL_PLANE_CALL_QUEUE: wrong } });
      expect([problem.includes("allowed: nats://[USER"), problem.includes("secret"), more]).toEqual([true, false, []]);
    }
  });

  it.each([
    [["--call-queue-credentials-file", "x"], /^callQueueCredentialsFile: received one, allowed: beside callQueue only/],
    [
      ["--call-queue", "nats://u:p@a", "--call-queue-credentials-file", "x"],
      /^callQueueCredentialsFile: received one beside a login in callQueue, allowed: one of them/,
    ],
    [["--call-queue-stream", "a.b"], /^--call-queue-stream: received "a\.b", allowed: 1\.\.64 letters/],
    [["--call-queue-replicas", "6"], /^--call-queue-replicas: received "6", allowed: an integer 1\.\.5/],
    [["--call-queue-max-mib", "15"], /^--call-queue-max-mib: received "15", allowed: an integer 16\.\.1048576/],
  ])("refuses %j", (args, problem) => {
    expect(problemsOf({ arguments: args })).toEqual([expect.stringMatching(problem)]);
  });

  it.each(["requests-per-address", "requests-per-token", "wrong-tokens-per-address"])(
    "refuses --%s outside of its range",
    (flag) => {
      for (const value of ["0", "1000001", "1.5", "many", "-1"]) {
        const problem = `--${flag}: received "${value}", allowed: an integer 1..1000000`;
        expect(problemsOf({ arguments: [`--${flag}=${value}`] })).toEqual([problem]);
      }
      expect(problemsOf({ arguments: [`--${flag}=1`] })).toEqual([]);
    },
  );

  it("refuses files that cannot be read, unknown keys and unknown flags", () => {
    expect(problemsOf({ arguments: ["--config", "x.json"] })).toEqual(["x.json: cannot be read: no such file"]);
    expect(
      problemsOf({ arguments: ["--config", "x.json"], readFile: () => '{"controlPlane":{"colour":1}}' })[0],
    ).toMatch(/^controlPlane\.colour: is not a setting/);
    expect(problemsOf({ arguments: ["--colour", "1"] })[0]).toMatch(/^--colour: is not a flag/);
  });

  it("describes every flag", () => {
    const result = readControlPlaneConfig(inputs({ arguments: ["--help"] }));
    expect(result.kind === "help" && result.text).toMatch(
      /--port 0\.\.65535.*SELVAGE_CONTROL_PLANE_PORT; default 8700/,
    );
  });
});
