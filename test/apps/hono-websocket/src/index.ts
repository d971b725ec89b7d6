/** WebSockets by Hono's helper, after hono.dev/docs/helpers/websocket. */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/cloudflare-workers";

const app = new Hono();
let closed = 0;

app.get(
  "/ws/:name",
  upgradeWebSocket((c) => ({
    onMessage(event, ws) {
      if (event.data === "bye") ws.close(4000, "as you wish");
      else ws.send(`${c.req.param("name") ?? ""}: ${typeof event.data === "string" ? event.data : "(bytes)"}`);
    },
    onClose() {
      closed += 1;
    },
  })),
);
app.get("/closed", (c) => c.json({ closed }));

export default app;
