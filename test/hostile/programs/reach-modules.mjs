// attack: reach: what stands behind the counterparts of Node.js modules
import * as asyncHooks from "node:async_hooks";
import * as buffer from "node:buffer";
import * as crypto from "node:crypto";
import * as util from "node:util";

const wanted = /^(?:spawn|exec|execFile|readFile|open|openSync|createServer|connect|dlopen|binding|Isolate)(?:Sync)?$/;

export default {
  fetch() {
    const reached = [];
    const seen = new Set();
    const walk = (value, path, depth) => {
      if (depth > 4 || value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value))
        return;
      seen.add(value);
      for (const key of Reflect.ownKeys(value)) {
        const name = `${path}.${String(key)}`;
        if (depth > 0 && wanted.test(String(key)) && !(value instanceof RegExp || value === RegExp.prototype))
          reached.push(name);
        try {
          walk(value[key], name, depth + 1);
        } catch {
          // A getter that does not want to.
        }
      }
    };
    walk({ asyncHooks, buffer, crypto, util }, "modules", 0);
    return Response.json({ reached });
  },
};
