/** Events that clients keep with a function to test it (interfaces.md §3.4): at most 10, each a name of 25 characters and 4 KB. */
import type { Clock } from "../clock.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import type { FgsTestEvent } from "./fgs-row.ts";
import { invalid, type Body } from "./function-settings.ts";
import type { FunctionUrn } from "./urn.ts";

export const testEventLimits = { perFunctionMax: 10, nameCharsMax: 25, bytesMax: 4_096 } as const;

export interface FgsTestEventsOptions {
  readonly functions: FgsFunctionService;
  readonly uniqueId: () => string;
  readonly clock: Clock;
}

export class FgsTestEvents {
  readonly #options: FgsTestEventsOptions;

  constructor(options: FgsTestEventsOptions) {
    this.#options = options;
  }

  async list(urn: FunctionUrn): Promise<object> {
    const { row } = await this.#options.functions.find({ ...urn, qualifier: null });
    const events = row.events.map(({ id, name, lastModified }) => ({ id, name, last_modified: lastModified }));
    return { events, count: events.length, next_marker: events.length };
  }

  async get(urn: FunctionUrn, id: string): Promise<object> {
    const { row } = await this.#options.functions.find({ ...urn, qualifier: null });
    const { name, content, lastModified } = requireEvent(row.events, id);
    return { id, name, content, last_modified: lastModified };
  }

  async create(urn: FunctionUrn, body: Body): Promise<object> {
    const event = {
      id: this.#options.uniqueId(),
      name: readName(body),
      content: readContent(body),
      lastModified: this.#now(),
    };
    await this.#options.functions.changeRow(urn, (row) => {
      const max = testEventLimits.perFunctionMax;
      if (row.events.length >= max) throw new FgsError("FSS.1068", `a function has at most ${max} test events`);
      refuseTaken(row.events, event.name);
      return { ...row, events: [...row.events, event] };
    });
    return { id: event.id, name: event.name };
  }

  async update(urn: FunctionUrn, id: string, body: Body): Promise<object> {
    const content = readContent(body);
    const { events } = await this.#options.functions.changeRow(urn, (row) => {
      const present = requireEvent(row.events, id);
      const name = body["name"] === undefined ? present.name : readName(body);
      if (name !== present.name) refuseTaken(row.events, name);
      const changed = { id, name, content, lastModified: this.#now() };
      return { ...row, events: row.events.map((event) => (event.id === id ? changed : event)) };
    });
    return { id, name: requireEvent(events, id).name };
  }

  async delete(urn: FunctionUrn, id: string): Promise<void> {
    await this.#options.functions.changeRow(urn, (row) => {
      requireEvent(row.events, id);
      return { ...row, events: row.events.filter((event) => event.id !== id) };
    });
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1_000);
  }
}

function requireEvent(events: readonly FgsTestEvent[], id: string): FgsTestEvent {
  const event = events.find((one) => one.id === id);
  if (event === undefined) throw new FgsError("FSS.1060", "Not found the event");
  return event;
}

function refuseTaken(events: readonly FgsTestEvent[], name: string): void {
  if (events.some((event) => event.name === name)) throw new FgsError("FSS.0409", `there is an event ${name} already`);
}

function readName(body: Body): string {
  const { name } = body;
  const max = testEventLimits.nameCharsMax;
  if (typeof name === "string" && new RegExp(`^[A-Za-z0-9][A-Za-z0-9_-]{0,${max - 1}}$`).test(name)) return name;
  throw invalid("FSS.0400", "name", { received: name, allowed: `1..${max} letters, digits, "_" and "-"` });
}

function readContent(body: Body): string {
  const { content } = body;
  const bytes = typeof content === "string" ? Buffer.from(content, "base64") : null;
  if (bytes === null || bytes.toString("base64") !== content) {
    throw new FgsError("FSS.0400", "content: allowed: base64 with padding");
  }
  const max = testEventLimits.bytesMax;
  if (bytes.byteLength <= max) return content;
  throw new FgsError("FSS.1069", `content: received ${bytes.byteLength} bytes, allowed: at most ${max}`);
}
