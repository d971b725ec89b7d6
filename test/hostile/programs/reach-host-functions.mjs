// attack: reach: the host realm by constructor.constructor of everything that the platform handed in
const reached = [];
const seen = new Set();

function suspect(value, path) {
  try {
    const make = value.constructor?.constructor;
    if (typeof make !== "function") return;
    const realm = make("return this")();
    if (realm !== globalThis) reached.push(`${path}: another realm`);
    if (realm.process?.pid !== undefined || realm.require !== undefined) reached.push(`${path}: the host`);
  } catch {
    // Code from strings is off.
  }
  if (
    value.constructor !== undefined &&
    /^(?:Reference|ExternalCopy|Isolate|Context|Callback)$/.test(value.constructor?.name)
  ) {
    reached.push(`${path}: ${value.constructor.name}`);
  }
  for (const name of ["applySync", "applyIgnored", "applySyncPromise", "derefInto", "copySync", "createContextSync"]) {
    if (typeof value[name] === "function") reached.push(`${path}.${name}`);
  }
}

function walk(value, path, depth) {
  if (depth > 5 || value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value))
    return;
  seen.add(value);
  suspect(value, path);
  for (const key of Reflect.ownKeys(value)) {
    try {
      walk(value[key], `${path}.${String(key)}`, depth + 1);
    } catch {
      // A getter that does not want to.
    }
  }
  walk(Object.getPrototypeOf(value), `${path}.__proto__`, depth + 1);
}

export default {
  async fetch(request, env, ctx) {
    seen.clear();
    walk(globalThis, "globalThis", 0);
    walk({ request, env, ctx, logger: ctx.logger, arguments: arguments }, "arguments", 0);
    try {
      await fetch("http://127.0.0.1/");
    } catch (error) {
      walk(error, "error", 0);
    }
    return Response.json({ reached: [...new Set(reached)] });
  },
};
