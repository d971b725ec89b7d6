// attack: isolation: what one request leaves in globals and module state, and what it finds of other functions
globalThis.left ??= [];

export default {
  async fetch(request, env) {
    globalThis.left.push(request.url);
    Object.prototype.leftBehind = "left";
    const neighbour = request.headers.get("hostile-neighbour");
    const reached = [];
    const look = (name, value) => {
      if (/neighbour-secret/.test(String(value))) reached.push(name);
    };
    look("environment", JSON.stringify(env));
    look("process.env", JSON.stringify(globalThis.process?.env ?? {}));
    for (const key of Reflect.ownKeys(globalThis)) {
      const { value } = Object.getOwnPropertyDescriptor(globalThis, key);
      look(String(key), typeof value === "string" ? value : "");
    }
    for (const name of ["default", "neighbour", "", "../neighbour", "neighbour/default"]) {
      try {
        const cache = name === "default" ? caches.default : await caches.open(name);
        const found = await cache.match(`https://${neighbour}/secret`);
        look(`cache ${name}`, await found?.text());
        for (const key of (await cache.keys?.()) ?? [])
          look(`cache ${name} key`, key.url.includes(neighbour) ? "neighbour-secret" : "");
      } catch {
        // Not there.
      }
    }
    if (globalThis.left.some((url) => url.includes(neighbour))) reached.push("neighbour's requests");
    return Response.json({ reached });
  },
};
