/** `GET /v1/logs`: what functions wrote, the newest records at once or one line per record as they come. */
import type { FastifyInstance } from "fastify";
import type { LogRecord } from "../../sdk/desired-state.ts";
import { ControlError } from "../control-error.ts";
import { logLimits, type LogFilter } from "../logs/log-buffer.ts";
import type { SharedLogs } from "../logs/shared-logs.ts";
import type { LineOutput } from "../rollout/line-output.ts";
import type { OpenAnswers } from "../tokens/open-answers.ts";
import { access } from "./access.ts";
import { openLines } from "./response-lines.ts";
import { answers } from "./route-schema.ts";
import { choice, integer, object, text } from "./schemas/json-schema.ts";
import { logLevels, logPage } from "./schemas/node-schemas.ts";

interface LogQuery extends LogFilter {
  readonly limit: number;
  readonly follow: "0" | "1";
}

export function registerLogRoutes(
  app: FastifyInstance,
  {
    logs,
    openAnswers,
    closing,
  }: { readonly logs: SharedLogs; readonly openAnswers: OpenAnswers; readonly closing: AbortSignal },
): void {
  const { pageMax, pageDefault } = logLimits;
  app.get<{ Querystring: LogQuery }>(
    "/v1/logs",
    {
      config: { access: access.publisher },
      schema: {
        summary: "Newest records, oldest first; with follow=1 one record per line, these first and then new ones",
        querystring: object(
          {
            function: text({ maxLength: 256 }),
            requestId: text({ maxLength: 256 }),
            level: { ...choice(logLevels), description: "this level and above" },
            limit: integer({ min: 0, max: pageMax, default: pageDefault }),
            follow: { ...choice(["0", "1"]), default: "0" },
          },
          { optional: ["function", "requestId", "level", "limit", "follow"] },
        ),
        response: answers(200, logPage),
      },
    },
    async (request, reply) => {
      const { limit, follow, ...filter } = request.query;
      if (follow === "0") return { records: await logs.recent(filter, limit) };
      const follower = new Follower();
      const unsubscribe = logs.subscribe(filter, (records) => {
        follower.add(records);
      });
      if (unsubscribe === null) {
        const message = `There are ${String(logLimits.followersMax)} followers, no more are allowed.`;
        throw new ControlError("LIMIT_REACHED", { message });
      }
      const first = await logs.recent(filter, limit);
      const output = openLines(request, reply, { openAnswers });
      output.onClose(unsubscribe);
      closing.addEventListener("abort", output.close, { once: true });
      output.onClose(() => {
        closing.removeEventListener("abort", output.close);
      });
      follower.start(output, first);
      return reply;
    },
  );
}

/** Records a slow reader may be behind before its connection is ended. */
const behindMax = 10_000;

class Follower {
  readonly #waiting: LogRecord[] = [];
  #output: LineOutput | null = null;
  #blocked = false;

  /** Sends `first`, then what came since this was made and is not among them, then what comes. */
  start(output: LineOutput, first: readonly LogRecord[]): void {
    const known = new Set(first.map((record) => JSON.stringify(record)));
    const since = this.#waiting.splice(0).filter((record) => !known.has(JSON.stringify(record)));
    this.#waiting.push(...first, ...since);
    this.#output = output;
    output.onDrain(() => {
      this.#blocked = false;
      this.#send();
    });
    this.#send();
  }

  add(records: readonly LogRecord[]): void {
    for (const record of records) this.#waiting.push(record);
    const tooMany = this.#waiting.length - behindMax;
    if (tooMany > 0 && this.#output === null) this.#waiting.splice(0, tooMany);
    else if (tooMany > 0) this.#output?.close();
    else this.#send();
  }

  #send(): void {
    const output = this.#output;
    if (output === null || this.#blocked) return;
    let sent = 0;
    for (const record of this.#waiting) {
      sent++;
      this.#blocked = !output.write(JSON.stringify(record));
      if (this.#blocked) break;
    }
    this.#waiting.splice(0, sent);
  }
}
