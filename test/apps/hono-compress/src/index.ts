/** Hono's compress middleware on CompressionStream, and compressed data that comes and goes between the runtime and fflate. */
import { gunzipSync, gzipSync, strFromU8, strToU8 } from "fflate";
import { Hono } from "hono";
import { compress } from "hono/compress";

const app = new Hono();
app.use("/pages/*", compress());
app.get("/pages/long", (c) => c.text("All work and no play makes Jack a dull boy. ".repeat(100)));
// The middleware only knows lengths that are in a header.
app.get("/pages/short", (c) => c.text("All work", 200, { "content-length": "8" }));
app.post("/unpack", (c) => {
  const unpacked = c.req.raw.body?.pipeThrough(new DecompressionStream("gzip"));
  return c.body(unpacked ?? "");
});
app.post("/there-and-back", async (c) => {
  const text = await c.req.text();
  const packed = new Response(text).body?.pipeThrough(new CompressionStream("gzip"));
  const byFflate = strFromU8(gunzipSync(new Uint8Array(await new Response(packed).arrayBuffer())));
  const unpacked = new Blob([gzipSync(strToU8(text))]).stream().pipeThrough(new DecompressionStream("gzip"));
  return c.json({ byFflate, byRuntime: await new Response(unpacked).text() });
});

export default app;
