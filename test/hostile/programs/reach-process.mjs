// attack: reach: process, require, module, files, child processes and sockets
const all = globalThis;
const looks = {
  require: () => all.require("node:fs"),
  module: () => all.module.constructor._load("node:fs"),
  binding: () => process.binding("fs"),
  mainModule: () => process.mainModule.require("node:fs"),
  getBuiltinModule: () => process.getBuiltinModule("node:fs"),
  dlopen: () => process.dlopen.name,
  exit: () => process.exit.call.name,
  pid: () => process.pid,
  argv: () => process.argv[0],
  secretEnvironment: () => Object.keys(process.env).find((name) => /^(?:PATH|HOME|SELVAGE)/.test(name)),
  report: () => process.report.getReport(),
  internalBinding: () => all.internalBinding("fs"),
  primordials: () => all.primordials,
  deno: () => all.Deno.readTextFileSync("/etc/passwd"),
  bun: () => all.Bun.file("/etc/passwd"),
  loader: () => all.System.import("fs"),
  worker: () => new all.Worker("data:text/javascript,1"),
  importScripts: () => all.importScripts("data:text/javascript,1"),
  shell: () => all.d8.file.read("/etc/passwd"),
  load: () => all.load("/etc/passwd"),
  read: () => all.read("/etc/passwd"),
};

export default {
  async fetch() {
    const reached = [];
    for (const [name, look] of Object.entries(looks)) {
      try {
        if (look() !== undefined) reached.push(name);
      } catch {
        // Not there, as it should be.
      }
    }
    return Response.json({ reached });
  },
};
