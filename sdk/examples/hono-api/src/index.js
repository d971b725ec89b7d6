import { Hono } from "hono";
/** Metres in one unit. */
const units = new Map([
  ["mm", 0.001],
  ["cm", 0.01],
  ["m", 1],
  ["km", 1000],
  ["in", 0.0254],
  ["ft", 0.3048],
  ["mi", 1609.344],
]);
const VALUES_MAX = 10000;
const app = new Hono().basePath("/api");
app.get("/", (c) =>
  c.json({ name: "lengths", units: [...units.keys()], routes: ["/api/convert/:value/:from/:to", "/api/summary"] }),
);
app.get("/convert/:value/:from/:to", (c) => {
  const { value, from, to } = c.req.param();
  const [fromMetres, toMetres] = [units.get(from), units.get(to)];
  if (fromMetres === undefined || toMetres === undefined) {
    return c.json({ error: "unknown_unit", message: `Known units: ${[...units.keys()].join(", ")}` }, 404);
  }
  const number = Number(value);
  if (!Number.isFinite(number)) return c.json({ error: "not_a_number", message: `Received ${value}` }, 400);
  const digits = Math.min(100, Math.max(1, Number(c.req.query("digits") ?? "6") || 6));
  return c.json({ value: Number(((number * fromMetres) / toMetres).toPrecision(digits)), unit: to });
});
app.post("/summary", async (c) => {
  const values = parseValues(await c.req.json().catch(() => null));
  if (values === null) {
    return c.json(
      { error: "invalid_body", message: `Send {"values":[...]} with 1 to ${VALUES_MAX} finite numbers` },
      400,
    );
  }
  const sorted = values.toSorted((x, y) => x - y);
  const sum = values.reduce((total, value) => total + value, 0);
  return c.json({ count: values.length, min: sorted[0], max: sorted.at(-1), mean: sum / values.length });
});
app.get("/failure", () => {
  throw new Error("this route always fails, to show what a client gets to see");
});
app.notFound((c) => c.json({ error: "not_found", message: `No route for ${c.req.method} ${c.req.path}` }, 404));
app.onError((error, c) => {
  console.error(error);
  return c.json({ error: "internal", message: "The request could not be answered." }, 500);
});
export default {
  fetch: (request, env) => app.fetch(request, env),
};
function parseValues(body) {
  if (typeof body !== "object" || body === null || !("values" in body)) return null;
  const { values } = body;
  if (!Array.isArray(values) || values.length < 1 || values.length > VALUES_MAX) return null;
  return values.every((value) => Number.isFinite(value)) ? values : null;
}
