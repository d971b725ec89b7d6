/** Loaded before the suite's own server, which listens on every address of the machine: from here on it listens on loopback alone. */
import { Server } from "node:net";

const { listen } = Server.prototype;

Server.prototype.listen = function listenOnLoopback(port) {
  return listen.call(this, Number(port), "127.0.0.1");
};
