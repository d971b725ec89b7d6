/** Hono's context storage: functions far from the handler know the request they work for (node:async_hooks). */
import { Hono } from "hono";
import { contextStorage, getContext } from "hono/context-storage";

interface Env {
  readonly Bindings: { readonly BACKEND: string };
  readonly Variables: { user: string };
}

const app = new Hono<Env>();
app.use(contextStorage());
app.use(async (c, next) => {
  c.set("user", c.req.query("user") ?? "nobody");
  await next();
});

async function greeting(): Promise<string> {
  await fetch(`${getContext<Env>().env.BACKEND}/wait`);
  await new Promise((resolve) => setTimeout(resolve, 1));
  return `Hello ${getContext<Env>().var.user}`;
}

app.get("/", async (c) => c.text(await greeting()));

export default app;
