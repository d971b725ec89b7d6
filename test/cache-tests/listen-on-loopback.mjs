/** Loaded before the suite's own server, which listens on every address of the machine: from here on it listens on loopback alone. */
import { Server } from "node:net";

const prototype = Server.prototype;
const original = Object.getOwnPropertyDescriptor(prototype, "listen").value;

prototype.listen = function listenOnLoopback(port) {
  return original.call(this, Number(port), "127.0.0.1");
};
