/** Hono's cache middleware: answers are kept by the Cache API and come from there until they are too old. */
import { Hono } from "hono";
import { cache } from "hono/cache";

interface Env {
  readonly Bindings: { readonly BACKEND: string };
}

const app = new Hono<Env>();
app.get("/kept/:id", cache({ cacheName: "my-app", cacheControl: "max-age=3600", vary: "Accept-Language" }));
app.get("/kept/:id", async (c) => {
  const { price } = (await (await fetch(`${c.env.BACKEND}/price`)).json()) as { price: number };
  return c.json({ id: c.req.param("id"), price });
});

export default app;
