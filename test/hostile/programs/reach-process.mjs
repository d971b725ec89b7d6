// attack: reach: process, require, module, files, child processes and sockets
const looks = {
  require: () => require("node:fs"),
  module: () => module.constructor._load("node:fs"),
  binding: () => process.binding("fs"),
  mainModule: () => process.mainModule.require("node:fs"),
  getBuiltinModule: () => process.getBuiltinModule("node:fs"),
  dlopen: () => process.dlopen.name,
  exit: () => process.exit.call.name,
  pid: () => process.pid,
  argv: () => process.argv[0],
  secretEnvironment: () => Object.keys(process.env).find((name) => /^(?:PATH|HOME|SELVAGE)/.test(name)),
  report: () => process.report.getReport(),
  internalBinding: () => internalBinding("fs"),
  primordials: () => primordials,
  deno: () => Deno.readTextFileSync("/etc/passwd"),
  bun: () => Bun.file("/etc/passwd"),
  loader: () => System.import("fs"),
  worker: () => new Worker("data:text/javascript,1"),
  importScripts: () => importScripts("data:text/javascript,1"),
  shell: () => d8.file.read("/etc/passwd"),
  load: () => load("/etc/passwd"),
  read: () => read("/etc/passwd"),
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
    for (const name of ["fs", "node:fs", "node:child_process", "node:net", "file:///etc/passwd", "isolated-vm"]) {
      try {
        const found = await import(name);
        if (found.readFileSync ?? found.spawn ?? found.connect ?? found.Isolate) reached.push(`import ${name}`);
      } catch {
        // Not there, as it should be.
      }
    }
    return Response.json({ reached });
  },
};
