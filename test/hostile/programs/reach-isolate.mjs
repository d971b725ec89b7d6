// attack: reach: native syntax, ivm objects in globals, symbols and closures of platform functions
const reached = [];
for (const name of [
  "ivm",
  "_ivm",
  "$0",
  "$1",
  "global",
  "isolate",
  "context",
  "jail",
  "host",
  "bridge",
  "__host",
  "receive",
]) {
  const value = globalThis[name];
  if (value !== undefined && value !== globalThis) reached.push(name);
}
for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
  if (symbol !== Symbol.toStringTag) reached.push(String(symbol));
}
for (const name of Reflect.ownKeys(globalThis)) {
  const value = globalThis[name];
  if (typeof value !== "function") continue;
  try {
    if (value.caller !== undefined && value.caller !== null) reached.push(`${String(name)}.caller`);
  } catch {
    // Strict functions have none.
  }
}

export default {
  fetch() {
    try {
      // A sloppy function would see its caller.
      const caller = (0, eval)("(function look() { return look.caller; })")();
      if (caller !== null && !String(caller).includes("look")) reached.push("caller");
    } catch {
      // Code from strings is off.
    }
    return Response.json({ reached });
  },
};
