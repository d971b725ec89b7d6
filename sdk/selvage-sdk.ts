/**
 * What `import type … from "@selvage/sdk"` gives an author: the module's shape and nothing else.
 *
 * Holds no code, so that importing it adds nothing to a bundle. Tools that talk to a control plane import `client.ts`.
 */
export type {
  ClientTls,
  Context,
  EdgeFunction,
  Environment,
  Fetcher,
  HookName,
  Logger,
  RequestHookResult,
  ResponseContext,
  ResponseHookResult,
  ServiceBinding,
} from "./edge-function.ts";
export type { EventCallback, EventContext, EventHandler, EventInitializer, EventLogger } from "./event-handler.ts";
