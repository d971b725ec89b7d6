/**
 * What one invocation may ask of the world: the network, the functions it was published with as services, its own caches, a log line.
 *
 * The same for functions that rules run, that other functions call and that `selvage invoke` runs. Invariant: whose caches and whose log
 * is said by the front, never by the function.
 */
import type {
  InvocationHost,
  LogLevel,
  SocketConnection,
  Subrequest,
  SubrequestResponse,
} from "../../runtime/driver.ts";
import type { SocketEnd } from "../../runtime/socket.ts";
import { judgePlace } from "../origin/egress-rules.ts";
import { connectSocket } from "../origin/socket-connection.ts";
import { subrequest } from "../origin/subrequest.ts";
import { callService } from "./call-service.ts";
import { logIdentity, type Caller } from "./caller.ts";
import { nextCdnLoop } from "./loop-guard.ts";
import type { Services } from "./services.ts";

export class FunctionHost implements InvocationHost {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  fetch(request: Subrequest, signal: AbortSignal): Promise<SubrequestResponse> {
    const caller = this.#caller;
    const { target } = request;
    switch (target.kind) {
      case "network": {
        const { egress, services } = caller;
        const { functionConnections: connections } = services;
        return subrequest({ connections, egress, cdnLoop: nextCdnLoop(caller.cdnLoop), signal }, request);
      }
      case "service":
        return callService(caller, {
          request,
          name: target.name,
          service: target.service,
          signal,
          hostOf: (callee) => new FunctionHost(callee),
        });
      case "cache":
        return this.#useCache(request, { call: target.call, signal });
    }
  }

  connect(request: Subrequest, guest: SocketEnd, signal: AbortSignal): Promise<SocketConnection> {
    const { cdnLoop, egress, services } = this.#caller;
    const { clock, functionConnections: connections } = services;
    // What is no URL is refused by whoever opens it.
    const url = URL.parse(request.url);
    const addresses = url === null ? null : judgePlace(egress, url);
    const context = { connections, addresses, clock, cdnLoop: nextCdnLoop(cdnLoop), signal };
    return connectSocket(context, request, guest);
  }

  log(level: LogLevel, message: string): void {
    const caller = this.#caller;
    caller.onLog({ ...logIdentity(caller), kind: "line", level, message });
  }

  async #useCache(
    { url, headers, body }: Subrequest,
    { call, signal }: Pick<Parameters<Services["functionCaches"]["run"]>[1], "call" | "signal">,
  ): Promise<SubrequestResponse> {
    const { services, function: owner } = this.#caller;
    const { response, notKept } = await services.functionCaches.run(owner, { call, url, headers, body, signal });
    // An author who wonders why nothing is found later reads it here; the standard has no place for it.
    if (notKept !== null) this.log("debug", `Cache.put() stored nothing for ${url.slice(0, 200)}: ${notKept}`);
    return response;
  }
}
