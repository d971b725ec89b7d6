// attack: tampering: built-ins that the platform needs are replaced by ones that lie, throw and loop
function tamper() {
  const loop = () => {
    for (;;);
  };
  const thrower = () => {
    throw new Error("replaced");
  };
  Array.prototype.push = thrower;
  Array.prototype[Symbol.iterator] = thrower;
  Map.prototype.get = () => new Proxy({}, { get: loop });
  Map.prototype.set = thrower;
  String.prototype.indexOf = () => 0;
  String.prototype.slice = () => "x".repeat(1_000_000);
  String.prototype.charCodeAt = () => 255;
  RegExp.prototype.exec = () => null;
  JSON.stringify = loop;
  Uint8Array.prototype.set = thrower;
  Number.prototype.toString = () => "9".repeat(1_000);
  Reflect.apply = loop;
  Function.prototype.call = thrower;
  Function.prototype.apply = thrower;
  Symbol.prototype[Symbol.toPrimitive] = thrower;
}

export default {
  async fetch(request) {
    // Not at the top level, where publishing would notice it.
    tamper();
    const headers = new Headers([["a", "b"]]);
    return new Response(`${request.url} ${headers.get("a")}`, { headers });
  },
};
