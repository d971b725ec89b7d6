/** @jsxImportSource hono/jsx */
/** An application after hono.dev: middleware, parameters, validation, cookies, JWT, event streams, JSX. */
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bodyLimit } from "hono/body-limit";
import { getCookie, getSignedCookie, setCookie, setSignedCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { html } from "hono/html";
import type { FC, PropsWithChildren } from "hono/jsx";
import { Suspense, renderToReadableStream } from "hono/jsx/streaming";
import { jwt, sign, type JwtVariables } from "hono/jwt";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { stream, streamSSE, streamText } from "hono/streaming";
import { validator } from "hono/validator";
import { z } from "zod";

interface Env {
  readonly Bindings: { readonly JWT_SECRET: string; readonly COOKIE_SECRET: string; readonly BACKEND: string };
  readonly Variables: JwtVariables;
}

const app = new Hono<Env>();

app.use(
  "/api/*",
  cors({ origin: "https://example.com", allowMethods: ["POST", "GET", "OPTIONS"] }),
  requestId({ headerName: "X-Correlation-Id" }),
  secureHeaders(),
);
app.use("/tagged", etag());
app.use("/admin/*", basicAuth({ username: "hono", password: "acoolproject" }));
app.use("/auth/*", (c, next) => jwt({ secret: c.env.JWT_SECRET, alg: "HS256" })(c, next));

app.get("/", (c) => c.text("Hello Hono!"));
app.get("/tagged", (c) => c.text("Hello Hono!"));
app.get("/admin/page", (c) => c.text("You are authorized"));
app.get("/api/posts/:id", (c) => {
  c.header("X-Message", "Hi!");
  return c.json({ id: c.req.param("id"), page: c.req.query("page"), tags: c.req.queries("tag") });
});
app.get("/posts/:date{[0-9]+}/:title{[a-z]+}", (c) => c.json(c.req.param()));

const post = z.object({ title: z.string().min(3), tags: z.array(z.string()).max(2).default([]) });
app.post(
  "/api/posts",
  bodyLimit({ maxSize: 200, onError: (c) => c.text("overflow :(", 413) }),
  validator("json", (value, c) => {
    const parsed = post.safeParse(value);
    return parsed.success ? parsed.data : c.json({ issues: z.flattenError(parsed.error).fieldErrors }, 400);
  }),
  (c) => c.json({ ok: true, post: c.req.valid("json") }, 201),
);
app.post("/form", async (c) => {
  const { name, file } = await c.req.parseBody();
  return c.json({ name, file: file instanceof File ? [file.name, file.type, await file.text()] : null });
});

app.get("/cookie/set", async (c) => {
  setCookie(c, "delicious_cookie", "macha", {
    path: "/",
    secure: true,
    httpOnly: true,
    maxAge: 1000,
    sameSite: "Strict",
  });
  await setSignedCookie(c, "signed", "value", c.env.COOKIE_SECRET);
  return c.body(null, 204);
});
app.get("/cookie/get", async (c) =>
  c.json({ plain: getCookie(c, "plain"), signed: await getSignedCookie(c, c.env.COOKIE_SECRET, "signed") }),
);

app.get("/login", async (c) => c.json({ token: await sign({ sub: "user123", role: "admin" }, c.env.JWT_SECRET) }));
app.get("/auth/page", (c) => c.json(c.get("jwtPayload")));

app.get("/sse", (c) =>
  streamSSE(c, async (events) => {
    await events.writeSSE({ data: "one", event: "time-update", id: "0" });
    const later = await fetch(`${c.env.BACKEND}/second`);
    await events.writeSSE({ data: JSON.stringify(await later.json()), event: "time-update", id: "1" });
  }),
);
let left = 0;
app.get("/endless", (c) =>
  streamSSE(c, async (events) => {
    events.onAbort(() => {
      left += 1;
    });
    while (!events.aborted) {
      await events.writeSSE({ data: "tick" });
      await events.sleep(5);
    }
  }),
);
app.get("/left", (c) => c.json({ left }));
app.get("/stream", (c) =>
  stream(c, async (output) => {
    await output.write(new Uint8Array([0x48, 0x65, 0x6c, 0x6c, 0x6f]));
    await output.pipe(new Response(" again").body ?? new ReadableStream());
  }),
);
app.get("/stream-text", (c) =>
  streamText(c, async (output) => {
    await output.writeln("Hello");
    await output.sleep(1);
    await output.write("Hono!");
  }),
);

const Layout: FC = ({ children }: PropsWithChildren) => (
  <html>
    <body>{children}</body>
  </html>
);
const Top: FC<{ messages: string[] }> = ({ messages }) => (
  <Layout>
    <h1>Hello Hono!</h1>
    <ul>
      {messages.map((message) => (
        <li>{message}!!</li>
      ))}
    </ul>
  </Layout>
);
app.get("/page", (c) => c.html(<Top messages={["Good Morning", "<Good> & Evening"]} />));
app.get("/html/:username", (c) => c.html(html`<h1>Hello! ${c.req.param("username")}!</h1>`));

const Late: FC<{ url: string }> = async ({ url }) => {
  const { text } = (await (await fetch(url)).json()) as { text: string };
  return <p>{text}</p>;
};
app.get("/suspense", (c) =>
  c.body(
    renderToReadableStream(
      <Layout>
        <Suspense fallback={<p>loading...</p>}>
          <Late url={`${c.env.BACKEND}/late`} />
        </Suspense>
      </Layout>,
    ),
    { headers: { "content-type": "text/html; charset=UTF-8" } },
  ),
);

const book = new Hono();
book.get("/", (c) => c.text("List Books")).get("/:id", (c) => c.text(`Get Book: ${c.req.param("id")}`));
app.route("/book", book);

app.get("/teapot", () => {
  throw new HTTPException(418, { message: "I am a teapot" });
});
app.get("/broken", () => {
  throw new Error("nothing works");
});
app.notFound((c) => c.text("Custom 404 Message", 404));
app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text("Custom Error Message", 500)));

export default app;
