/** The claims of the example hono-api: routes, parameters, JSON in and out, and JSON for every refusal. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { EdgeFunction } from "../../sdk/selvage-sdk.ts";
import { contextOf } from "./hook-call.ts";
import { loadExample } from "./load-example.ts";

let example: Required<EdgeFunction>;

beforeAll(async () => {
  example = await loadExample("hono-api", "test");
});

async function call(
  path: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await example.fetch(new Request(`http://docs.example.test${path}`, init), {}, contextOf("fetch"));
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  return { status: response.status, body: await response.json() };
}

function summary(body: string): ReturnType<typeof call> {
  return call("/api/summary", { method: "POST", body });
}

describe("GET /api/convert/:value/:from/:to", () => {
  test.each([
    ["/api/convert/100/km/mi", { value: 62.1371, unit: "mi" }],
    ["/api/convert/1/in/cm", { value: 2.54, unit: "cm" }],
    ["/api/convert/-1.5/m/mm", { value: -1500, unit: "mm" }],
    ["/api/convert/100/km/mi?digits=3", { value: 62.1, unit: "mi" }],
    ["/api/convert/100/km/mi?digits=0", { value: 62.1371, unit: "mi" }],
  ])("%s", async (path, body) => {
    expect(await call(path)).toEqual({ status: 200, body });
  });

  test("an unknown unit is 404 and names the known ones", async () => {
    expect(await call("/api/convert/1/parsec/m")).toMatchObject({ status: 404, body: { error: "unknown_unit" } });
  });

  test("a unit named like a property of every object is unknown too", async () => {
    expect(await call("/api/convert/1/constructor/m")).toMatchObject({ status: 404 });
  });

  test("a value that is no number is 400", async () => {
    expect(await call("/api/convert/ten/km/mi")).toMatchObject({ status: 400, body: { error: "not_a_number" } });
  });
});

describe("POST /api/summary", () => {
  test("summarises numbers", async () => {
    expect(await summary('{"values":[3,1,2]}')).toEqual({ status: 200, body: { count: 3, min: 1, max: 3, mean: 2 } });
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"values":[]}',
    '{"values":"1"}',
    '{"values":[1,"2"]}',
    '{"values":[null]}',
  ])("refuses the body %j with 400", async (body) => {
    expect(await summary(body)).toMatchObject({ status: 400, body: { error: "invalid_body" } });
  });

  test("takes 10,000 numbers and refuses one more", async () => {
    const values = Array.from({ length: 10_000 }, (_, i) => i);
    expect(await summary(JSON.stringify({ values }))).toMatchObject({ status: 200 });
    expect(await summary(JSON.stringify({ values: [...values, 1] }))).toMatchObject({ status: 400 });
  });
});

test("GET /api lists units and routes", async () => {
  expect(await call("/api")).toMatchObject({ status: 200, body: { name: "lengths" } });
});

test.each([
  ["GET", "/api/none"],
  ["DELETE", "/api/summary"],
  ["GET", "/other"],
])("%s %s is a 404 that names the request", async (method, path) => {
  expect(await call(path, { method })).toEqual({
    status: 404,
    body: { error: "not_found", message: `No route for ${method} ${path}` },
  });
});

test("a route that throws answers 500 without its message, which goes to the log", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { status, body } = await call("/api/failure");
  expect({ status, body }).toEqual({
    status: 500,
    body: { error: "internal", message: "The request could not be answered." },
  });
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
});
