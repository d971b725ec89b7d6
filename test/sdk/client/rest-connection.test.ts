/** Claims about the connection to a control plane: deadlines, wrong answers, lines. */
import { afterEach, describe, expect, test } from "vitest";
import { SelvageApiError } from "../../../sdk/api-error.ts";
import { RestConnection } from "../../../sdk/client/rest-connection.ts";
import { errorAnswer, HttpDouble, type Answerer } from "../cli/http-double.ts";

const doubles: HttpDouble[] = [];

afterEach(async () => {
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
});

async function connect(answer: Answerer) {
  const double = await HttpDouble.start(answer);
  doubles.push(double);
  return { double, connection: new RestConnection({ url: double.url, token: "secret", fetch: globalThis.fetch }) };
}

async function failureOf(work: Promise<unknown>): Promise<SelvageApiError> {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (error instanceof SelvageApiError) return error;
  throw error;
}

describe("call()", () => {
  test("sends method, token and JSON, and returns the answer's JSON", async () => {
    const { double, connection } = await connect(() => ({ status: 200, json: { a: 1 } }));
    expect(await connection.call("PUT /v1/x?y=1", { body: { b: 2 }, timeoutMs: 5_000 })).toEqual({ a: 1 });
    expect(double.requests).toEqual([
      { method: "PUT", path: "/v1/x?y=1", authorization: "Bearer secret", body: { b: 2 } },
    ]);
  });

  test("returns undefined for 204", async () => {
    const { connection } = await connect(() => ({ status: 204 }));
    expect(await connection.call("DELETE /v1/x", { timeoutMs: 5_000 })).toBeUndefined();
  });

  test("throws what the control plane answered", async () => {
    const problems = [{ path: "a", message: "b" }];
    const { connection } = await connect(() => ({
      status: 400,
      json: { error: { code: "INPUT_INVALID", message: "no", requestId: "r-9", problems } },
    }));
    const error = await failureOf(connection.call("GET /v1/x", { timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: "INPUT_INVALID", status: 400, message: "no", requestId: "r-9", problems });
  });

  test.each([
    { name: "an HTML page", body: "<h1>hi</h1>", status: 200 },
    { name: "an HTML error", body: "<h1>no</h1>", status: 502 },
    { name: "an error of another service", body: '{"error": "no"}', status: 500 },
    { name: "an unknown code", body: '{"error": {"code": "toString", "message": "x"}}', status: 500 },
    { name: "JSON that is no object", body: "null", status: 404 },
  ])("does not take $name for a control plane's answer", async ({ body, status }) => {
    const { connection } = await connect(() => ({ write: (response) => void response.writeHead(status).end(body) }));
    const error = await failureOf(connection.call("GET /v1/x", { timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: "CONTROL_ANSWER_INVALID", status });
  });

  test("does not follow a redirect with the token", async () => {
    const { double, connection } = await connect(() => ({
      write: (response) => void response.writeHead(302, { location: "/elsewhere" }).end(),
    }));
    expect(await failureOf(connection.call("GET /v1/x", { timeoutMs: 5_000 }))).toMatchObject({ status: 302 });
    expect(double.requests).toHaveLength(1);
  });

  test("gives up at its deadline, also when the answer has begun", async () => {
    const { connection } = await connect(() => ({
      write: (response) => void response.writeHead(200).write('{"a":'),
    }));
    const error = await failureOf(connection.call("GET /v1/x", { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "CONTROL_TIMEOUT", status: 0 });
  });

  test("says that nobody listens, and never the token", async () => {
    const { double, connection } = await connect(() => ({ status: 204 }));
    await double.stop();
    doubles.pop();
    const error = await failureOf(connection.call("GET /v1/x", { timeoutMs: 5_000 }));
    expect(error.code).toBe("CONTROL_UNREACHABLE");
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.message).not.toContain("secret");
  });

  test("says that an answer broke off", async () => {
    const { connection } = await connect(() => ({
      write: (response) => {
        response.writeHead(200, { "content-length": "100" }).write("{");
        setImmediate(() => response.destroy());
      },
    }));
    expect(await failureOf(connection.call("GET /v1/x", { timeoutMs: 5_000 }))).toMatchObject({
      code: "CONTROL_UNREACHABLE",
    });
  });
});

describe("lines()", () => {
  async function collect(connection: RestConnection): Promise<readonly string[]> {
    const lines: string[] = [];
    for await (const line of connection.lines("GET /v1/logs", { timeoutMs: 5_000 })) lines.push(line);
    return lines;
  }

  test("joins what arrives in pieces, leaves blank lines out and keeps a last line without break", async () => {
    const bytes = new TextEncoder().encode("é1\n\n22\n333");
    const { connection } = await connect(() => ({
      write: (response) => {
        response.writeHead(200).write(bytes.subarray(0, 1));
        setImmediate(() => response.end(bytes.subarray(1)));
      },
    }));
    expect(await collect(connection)).toEqual(["é1", "22", "333"]);
  });

  test("throws what the control plane answered instead of a stream", async () => {
    const { connection } = await connect(() => errorAnswer(401, "UNAUTHENTICATED"));
    expect(await failureOf(collect(connection))).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("refuses a line without end", async () => {
    const { connection } = await connect(() => ({ write: (response) => void response.end("x".repeat(1_100_000)) }));
    await expect(collect(connection)).rejects.toThrow("a line is longer");
  });
});
