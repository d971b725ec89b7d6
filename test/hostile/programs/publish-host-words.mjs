// attack: publish time: words to the host that the platform did not choose, from replaced built-ins
const words = [];
for (const name of Reflect.ownKeys(globalThis)) {
  const value = globalThis[name];
  if (
    typeof value === "function" &&
    /native code/.test(Function.prototype.toString.call(value)) &&
    !/^[A-Z]/.test(String(name))
  )
    words.push(name);
}
process?.exit?.(0);
process?.abort?.();
process?.kill?.(process.pid, "SIGKILL");
globalThis.console = {
  log: {
    toString: () => {
      for (;;);
    },
  },
};

export default { fetch: () => Response.json({ words: words.map(String) }) };
