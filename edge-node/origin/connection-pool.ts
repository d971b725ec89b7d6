/**
 * The connections to one place: the one used last is used next, new ones are opened up to a number, who comes then waits.
 *
 * Knows places, no requests. Invariants: at most `socketsMax` connections; who waits is served in order, or refused when the queue is full or
 * its time is over; an idle connection is closed after its time.
 */
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { Timed } from "./deadlines.ts";
import { problemOf, type ExchangeProblem } from "./exchange-failure.ts";
import type { SocketPlace } from "./open-socket.ts";
import {
  OriginConnection,
  type CarriedExchange,
  type ConnectionContext,
  type ConnectionOwner,
} from "./origin-connection.ts";
import type { RequestHeadWriter } from "./request-head.ts";

export interface PoolContext extends ConnectionContext {
  readonly headWriter: RequestHeadWriter;
  /** Idle connections of all pools. */
  readonly idle: { count: number };
  /** Pools put aside that still carry something. */
  readonly retired: Set<ConnectionPool>;
  /** No connection is opened any more. */
  isClosed: boolean;
}

export interface PoolOptions {
  readonly place: SocketPlace;
  readonly connectTimeoutMs: number;
  readonly socketsMax: number;
}

/** An exchange that has a connection or waits for one. */
export interface PooledExchange extends CarriedExchange {
  /** Told which connection carries it; null: none yet. */
  carriedBy(connection: OriginConnection): void;
}

/** Of all pools of a front together. */
const IDLE_MAX = 4_096;
/** Before the moment a server named: a request that it does not see any more would be lost. */
const KEEP_ALIVE_MARGIN_MS = 2_000;
/** However long a server says. */
const KEEP_ALIVE_MS_MAX = 600_000;

export class ConnectionPool implements ConnectionOwner {
  session: Buffer | undefined;
  readonly #context: PoolContext;
  readonly #options: PoolOptions;
  readonly #open = new Set<OriginConnection>();
  readonly #idle: OriginConnection[] = [];
  readonly #waiting = new Map<PooledExchange, Timed>();
  #isRetired = false;

  constructor(context: PoolContext, options: PoolOptions) {
    this.#context = context;
    this.#options = options;
  }

  get headWriter(): RequestHeadWriter {
    return this.#context.headWriter;
  }

  get connectTimeoutMs(): number {
    return this.#options.connectTimeoutMs;
  }

  /** Sends an exchange, now or when its turn comes. What it says of a failure it says later. */
  send(exchange: PooledExchange): void {
    if (this.#context.isClosed) {
      queueMicrotask(() => exchange.failed(closed));
      return;
    }
    const connection = this.#idle.pop();
    if (connection !== undefined) {
      this.#context.idle.count--;
      exchange.carriedBy(connection);
      connection.send(exchange);
    } else if (this.#open.size < this.#options.socketsMax) this.#connect(exchange);
    else this.#wait(exchange);
  }

  /** Takes it out of the queue, if it waits there. */
  forget(exchange: PooledExchange): void {
    const timed = this.#waiting.get(exchange);
    if (timed === undefined) return;
    this.#waiting.delete(exchange);
    this.#context.deadlines.delete(timed);
  }

  free(connection: OriginConnection, keepAliveMs: number | undefined): void {
    const [next] = this.#waiting.keys();
    if (next !== undefined) {
      this.forget(next);
      next.carriedBy(connection);
      connection.send(next);
      return;
    }
    const keepMs =
      keepAliveMs === undefined
        ? originLimits.keepAliveMs
        : Math.min(keepAliveMs - KEEP_ALIVE_MARGIN_MS, KEEP_ALIVE_MS_MAX);
    if (this.#isRetired || keepMs <= 0 || this.#context.idle.count >= IDLE_MAX) {
      connection.abandon();
      return;
    }
    connection.dueMs = this.#context.deadlines.nowMs() + keepMs;
    this.#idle.push(connection);
    this.#context.idle.count++;
  }

  gone(connection: OriginConnection): void {
    this.#open.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) {
      this.#idle.splice(at, 1);
      this.#context.idle.count--;
    }
    const [next] = this.#waiting.keys();
    if (this.#isRetired && this.#open.size === 0 && next === undefined) this.#context.retired.delete(this);
    if (next === undefined || this.#open.size >= this.#options.socketsMax) return;
    this.forget(next);
    this.#connect(next);
  }

  /** No more requests come; what it carries or has in its queue is finished. */
  retire(): void {
    this.#isRetired = true;
    for (const connection of this.#idle.toReversed()) connection.abandon();
    if (this.#open.size > 0) this.#context.retired.add(this);
  }

  /** Ends every connection at once. */
  close(): void {
    this.#isRetired = true;
    const waiting = [...this.#waiting.keys()];
    for (const exchange of waiting) {
      this.forget(exchange);
      exchange.failed(closed);
    }
    for (const connection of this.#open) connection.close(closed);
  }

  #connect(exchange: PooledExchange): void {
    try {
      const { place } = this.#options;
      const connection = new OriginConnection(this.#context, { owner: this, place, exchange });
      this.#open.add(connection);
      exchange.carriedBy(connection);
    } catch (error) {
      queueMicrotask(() => exchange.failed(problemOf(error)));
    }
  }

  #wait(exchange: PooledExchange): void {
    if (this.#waiting.size >= originLimits.waitingMax) {
      queueMicrotask(() => exchange.failed(overloaded));
      return;
    }
    const timed: Timed = {
      dueMs: this.#context.deadlines.nowMs() + this.#options.connectTimeoutMs,
      expire: () => {
        this.forget(exchange);
        exchange.failed(overloaded);
      },
    };
    this.#waiting.set(exchange, timed);
    this.#context.deadlines.add(timed);
  }
}

const closed: ExchangeProblem = { code: "ORIGIN_UNREACHABLE", message: "the connections were closed" };
const overloaded: ExchangeProblem = { code: "ORIGIN_OVERLOADED", message: "every connection is at work" };
