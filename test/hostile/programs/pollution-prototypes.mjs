// attack: prototype pollution: every name that host-visible objects may read from a prototype
function tamper() {
  const names = [
    "status",
    "headers",
    "body",
    "kind",
    "code",
    "id",
    "url",
    "method",
    "redirect",
    "signal",
    "cause",
    "get",
    "set",
  ];
  const more = [
    "value",
    "done",
    "length",
    "type",
    "name",
    "message",
    "stack",
    "toJSON",
    "transfer",
    "timeout",
    "copy",
    "reference",
  ];
  for (const name of [...names, ...more]) {
    for (const target of [Object.prototype, Array.prototype, Function.prototype]) {
      try {
        Object.defineProperty(target, name, {
          configurable: true,
          get: () => "polluted",
          set() {
            throw new Error(`set ${name}`);
          },
        });
      } catch {
        // Some have it already and keep it.
      }
    }
  }
}

export default {
  async fetch(request) {
    // Not at the top level, where publishing would notice it.
    tamper();
    const text = await request.text();
    return new Response(`polluted ${text}`, { status: 201 });
  },
};
