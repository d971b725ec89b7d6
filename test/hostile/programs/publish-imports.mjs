// attack: publish time: imports of files, of URLs, of what is not there, and computed ones
import { readFileSync } from "node:fs";
import secrets from "/etc/passwd" with { type: "text" };
import up from "../../../../../etc/hostname";
import remote from "http://127.0.0.1/module.mjs";

export default {
  async fetch() {
    const computed = await import(`node:${"child_process"}`);
    return Response.json({ reached: [readFileSync("/etc/passwd", "utf8"), secrets, up, remote, String(computed)] });
  },
};
