/** An application after h3.dev: handlers, parameters, validation, cookies, errors, an event stream. */
import {
  createEventStream,
  defineHandler,
  getCookie,
  getQuery,
  getRouterParam,
  getValidatedQuery,
  H3,
  HTTPError,
  html,
  onError,
  readBody,
  readValidatedBody,
  redirect,
  requireBasicAuth,
  setCookie,
} from "h3";
import { z } from "zod";

const api = new H3().get("/status", () => ({ up: true }));

const app = new H3()
  .use(onError((error) => (error.status === 418 ? new Response("short and stout", { status: 418 }) : undefined)))
  .use("/admin/**", async (event, next) => {
    await requireBasicAuth(event, { username: "admin", password: "secret" });
    return next();
  })
  .get("/", () => "⚡️ Tadaa!")
  .get("/hello/:name", (event) => `Hello ${getRouterParam(event, "name", { decode: true }) ?? ""}!`)
  .get("/query", (event) => getQuery(event))
  .get("/validated", (event) => getValidatedQuery(event, z.object({ page: z.coerce.number().int() })))
  .get("/files/**:path", (event) => ({ path: event.context.params?.["path"] }))
  .post("/echo", async (event) => ({ got: await readBody(event), type: event.req.headers.get("content-type") }))
  .post("/users", async (event) => {
    const user = await readValidatedBody(event, z.object({ name: z.string() }));
    event.res.status = 201;
    event.res.headers.set("x-user", user.name);
    return user;
  })
  .get("/cookie", (event) => {
    setCookie(event, "seen", "yes", { httpOnly: true, path: "/" });
    return { seen: getCookie(event, "seen") ?? "no" };
  })
  .get("/html", (event) => html`<h1>Hello ${getQuery(event)["name"] as string}</h1>`)
  .get("/old", () => redirect("/", 301))
  .get("/null", () => null)
  .get("/teapot", () => {
    throw new HTTPError({ status: 418 });
  })
  .get("/denied", () => {
    throw new HTTPError({ status: 403, message: "Not yours", data: { field: "id" } });
  })
  .get("/broken", () => {
    throw new Error("the password is 1234");
  })
  .get("/admin/page", (event) => `Hello ${event.context.basicAuth?.username ?? "nobody"}`)
  .get(
    "/events",
    defineHandler((event) => {
      const stream = createEventStream(event);
      event.waitUntil(
        (async () => {
          await stream.push("one");
          await stream.push({ id: "2", event: "custom", data: "two\nlines" });
          await stream.close();
        })(),
      );
      return stream.send();
    }),
  )
  .mount("/api", api);

export default { fetch: (request: Request): Response | Promise<Response> => app.fetch(request) };
