// attack: header injection: CR, LF, NUL and framing fields in every place that becomes a header line
const evil = "x\r\nset-cookie: injected=1\r\n\r\n<p>injected";

export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    const reached = [];
    const attempts = {
      value: () => new Response("", { headers: { "x-a": evil } }),
      name: () => new Response("", { headers: { [evil]: "x" } }),
      statusText: () => new Response("", { statusText: evil }),
      location: () => Response.redirect(`https://hostile.example/${evil}`),
      method: () => new Request(internet, { method: `GET ${evil}` }),
      request: () => new Request(internet, { headers: { "x-a": "b\nc: d" } }),
      lineSeparator: () => new Response("", { headers: { "x-a": "a\u010d\u010ab: c" } }),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        const made = attempt();
        const lines = [made.statusText ?? "", ...[...made.headers].flat()];
        if (name !== "location" && lines.some((line) => /[\r\n]/.test(line))) reached.push(name);
      } catch {
        // Refused, as it should be.
      }
    }
    const headers = { "content-length": "5", "transfer-encoding": "chunked", connection: "x-b, close", "x-b": "hop" };
    if (reached.length > 0) return Response.json({ reached });
    return new Response("much longer than five", { headers: { ...headers, te: "trailers", upgrade: "h2c" } });
  },
};
