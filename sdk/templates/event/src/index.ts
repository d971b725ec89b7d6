/** Called with an event: `selvage invoke {{name}} --event '{"name":"Ada"}'`. */
import type { EventHandler, EventInitializer } from "@selvage/sdk";

let startedAt = "";

export const initializer: EventInitializer = (context, callback) => {
  startedAt = new Date().toISOString();
  context.getLogger().info("ready at %s", startedAt);
  callback(null);
};

export const handler: EventHandler<{ name?: string }> = async (event, context) => {
  const greeting = context.getUserData("GREETING") ?? "Hello";
  context.getLogger().info("greeting %s", event.name ?? "nobody");
  return { text: `${greeting}, ${event.name ?? "world"}`, requestId: context.getRequestID(), startedAt };
};
