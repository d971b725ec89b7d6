/** The part of the REST client that is about asynchronous calls (calls.ts): one method for each route. */
import type {
  AsyncConfig,
  AsyncConfigResource,
  CallAccepted,
  CallPage,
  CallQuery,
  CallResource,
  QueueMessage,
  QueuePage,
} from "../calls.ts";
import { functionPath, queryText } from "./paths.ts";
import type { RestConnection } from "./rest-connection.ts";

export interface AsyncConfigTarget {
  readonly function: string;
  /** An alias, a version or `latest`; absent: the whole function. */
  readonly qualifier?: string | undefined;
}

/** `SelvageClient.calls`. Every method throws `SelvageApiError`. */
export class CallsClient {
  readonly #connection: RestConnection;
  readonly #timeoutMs: number;

  constructor(connection: RestConnection, { timeoutMs }: { readonly timeoutMs: number }) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** Durable once resolved. `event`: any JSON. */
  async accept(
    functionName: string,
    { event, qualifier }: { readonly event: unknown; readonly qualifier?: string },
  ): Promise<CallAccepted> {
    const body = { event, async: true, ...(qualifier === undefined ? {} : { qualifier }) };
    return (await this.#call(`POST ${functionPath(functionName)}/invocations`, body)) as CallAccepted;
  }
  async list(query: CallQuery = {}): Promise<CallPage> {
    return (await this.#call(`GET /v1/calls${queryText(query)}`)) as CallPage;
  }
  async get(requestId: string): Promise<CallResource> {
    return (await this.#call(`GET /v1/calls/${encodeURIComponent(requestId)}`)) as CallResource;
  }
  async cancel(requestId: string): Promise<CallResource> {
    return (await this.#call(`POST /v1/calls/${encodeURIComponent(requestId)}/cancel`, {})) as CallResource;
  }

  async listConfigs(functionName: string): Promise<readonly AsyncConfigResource[]> {
    const answer = await this.#call(`GET ${functionPath(functionName)}/async-configs`);
    return (answer as { configs: AsyncConfigResource[] }).configs;
  }
  /** What was set under exactly this name. */
  async getConfig(target: AsyncConfigTarget): Promise<AsyncConfigResource> {
    return (await this.#call(`GET ${configPath(target)}`)) as AsyncConfigResource;
  }
  /** Keys left out get their defaults. */
  async setConfig(target: AsyncConfigTarget, config: Partial<AsyncConfig>): Promise<AsyncConfigResource> {
    return (await this.#call(`PUT ${configPath(target)}`, config)) as AsyncConfigResource;
  }
  async deleteConfig(target: AsyncConfigTarget): Promise<void> {
    await this.#call(`DELETE ${configPath(target)}`);
  }

  /** Queues that hold messages. */
  async listQueues(): Promise<readonly string[]> {
    return ((await this.#call("GET /v1/queues")) as { queues: string[] }).queues;
  }
  /** Oldest first. */
  async readMessages(
    queue: string,
    options: { readonly after?: number | undefined; readonly limit?: number | undefined } = {},
  ): Promise<readonly QueueMessage[]> {
    const answer = await this.#call(`GET ${queuePath(queue)}${queryText(options)}`);
    return (answer as QueuePage).messages;
  }
  async forgetMessages(queue: string, through: number): Promise<void> {
    await this.#call(`DELETE ${queuePath(queue)}?through=${through}`);
  }

  #call(request: Parameters<RestConnection["call"]>[0], body?: unknown): Promise<unknown> {
    return this.#connection.call(request, { body, timeoutMs: this.#timeoutMs });
  }
}

function configPath({ function: name, qualifier }: AsyncConfigTarget): `/${string}` {
  return `${functionPath(name)}/async-config${queryText({ qualifier })}`;
}

function queuePath(queue: string): `/${string}` {
  return `/v1/queues/${encodeURIComponent(queue)}/messages`;
}
