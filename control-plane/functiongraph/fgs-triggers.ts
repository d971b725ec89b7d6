/**
 * Triggers as clients of FunctionGraph see them (interfaces.md §3.5): records of timers and of HTTP, at most 10 of a version or alias.
 *
 * Nothing is started by them here. Invariant: each is DISABLED, and says so; to be ACTIVE is refused with FSS.1153.
 */
import { timestamp, type Clock } from "../clock.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import type { FgsTrigger } from "./fgs-row.ts";
import { invalid, type Body } from "./function-settings.ts";
import { readEventData, readTriggerType, triggerLimits, type TriggerType } from "./trigger-data.ts";
import type { FunctionUrn } from "./urn.ts";

export interface FgsTriggersOptions {
  readonly functions: FgsFunctionService;
  readonly uniqueId: () => string;
  readonly clock: Clock;
}

interface TriggerName {
  readonly type: string;
  readonly id: string;
}

export class FgsTriggers {
  readonly #options: FgsTriggersOptions;

  constructor(options: FgsTriggersOptions) {
    this.#options = options;
  }

  /** A list, not an object that holds one. @throws FgsError FSS.1051, FSS.1052, FSS.1053. */
  async list(urn: FunctionUrn): Promise<readonly object[]> {
    const { row } = await this.#options.functions.find(urn);
    return triggersOf(row.triggers, urn).map(triggerResource);
  }

  /** @throws FgsError also FSS.1131, FSS.1140. */
  async get(urn: FunctionUrn, name: TriggerName): Promise<object> {
    const { row } = await this.#options.functions.find(urn);
    return triggerResource(requireTrigger(triggersOf(row.triggers, urn), name));
  }

  /** @throws FgsError FSS.1101, FSS.1109, FSS.1107, FSS.1147, FSS.1148, FSS.1153, FSS.1306. */
  async create(urn: FunctionUrn, body: Body): Promise<object> {
    const { clock, functions, uniqueId } = this.#options;
    const type = readTriggerType(body["trigger_type_code"]);
    refuseActive(body["trigger_status"]);
    const now = timestamp(clock);
    const trigger: FgsTrigger = {
      id: uniqueId(),
      type,
      qualifier: qualifierOf(urn),
      eventData: readEventData(type, body["event_data"]),
      createdAt: now,
      updatedAt: now,
    };
    await functions.find(urn);
    await functions.changeRow(urn, (row) => {
      const present = triggersOf(row.triggers, urn);
      const max = triggerLimits.perVersionMax;
      if (present.length >= max) throw new FgsError("FSS.1306", `a version or alias has at most ${max} triggers`);
      refuseTaken(row.triggers, trigger);
      return { ...row, triggers: [...row.triggers, trigger] };
    });
    return triggerResource(trigger);
  }

  /** What is not said stays. */
  async update(urn: FunctionUrn, name: TriggerName, body: Body): Promise<object> {
    const { clock, functions } = this.#options;
    refuseActive(body["trigger_status"]);
    await functions.find(urn);
    let changed: FgsTrigger | null = null;
    await functions.changeRow(urn, (row) => {
      const present = requireTrigger(triggersOf(row.triggers, urn), name);
      const given = body["event_data"] ?? {};
      const eventData = readEventData(readTriggerType(present.type), given, present.eventData);
      const trigger = { ...present, eventData, updatedAt: timestamp(clock) };
      const others = row.triggers.filter(({ id }) => id !== present.id);
      refuseTaken(others, trigger);
      changed = trigger;
      return { ...row, triggers: row.triggers.map((one) => (one.id === present.id ? trigger : one)) };
    });
    return changed === null ? {} : triggerResource(changed);
  }

  async delete(urn: FunctionUrn, name: TriggerName): Promise<void> {
    await this.#options.functions.find(urn);
    await this.#options.functions.changeRow(urn, (row) => {
      const present = requireTrigger(triggersOf(row.triggers, urn), name);
      return { ...row, triggers: row.triggers.filter(({ id }) => id !== present.id) };
    });
  }

  async deleteAll(urn: FunctionUrn): Promise<void> {
    await this.#options.functions.find(urn);
    const qualifier = qualifierOf(urn);
    await this.#options.functions.changeRow(urn, (row) => ({
      ...row,
      triggers: row.triggers.filter((trigger) => trigger.qualifier !== qualifier),
    }));
  }
}

/** Refuses the deletion of an alias that triggers belong to. @throws FgsError FSS.1154. */
export function refuseAliasWithTriggers(triggers: readonly FgsTrigger[], alias: string): void {
  if (!triggers.some(({ qualifier }) => qualifier === `!${alias}`)) return;
  throw new FgsError("FSS.1154", `alias ${alias} has triggers: delete them first`);
}

function refuseActive(status: unknown): void {
  if (status === undefined || status === null || status === "DISABLED") return;
  if (status !== "ACTIVE") throw invalid("FSS.0400", "trigger_status", { received: status, allowed: "DISABLED" });
  throw new FgsError(
    "FSS.1153",
    "trigger_status: received ACTIVE, allowed: DISABLED: triggers are kept here, and nothing is started by them yet",
  );
}

function qualifierOf({ qualifier }: FunctionUrn): string {
  if (qualifier === null) return "latest";
  return qualifier.kind === "alias" ? `!${qualifier.name}` : qualifier.name;
}

function triggersOf(triggers: readonly FgsTrigger[], urn: FunctionUrn): readonly FgsTrigger[] {
  return triggers.filter(({ qualifier }) => qualifier === qualifierOf(urn));
}

function requireTrigger(triggers: readonly FgsTrigger[], { type, id }: TriggerName): FgsTrigger {
  const trigger = triggers.find((one) => one.id === id && one.type === type);
  if (trigger !== undefined) return trigger;
  throw type === "TIMER"
    ? new FgsError("FSS.1140", "Not found the timer trigger")
    : new FgsError("FSS.1131", "Not found the trigger");
}

/** Timers have names of their own, HTTP triggers paths. */
function refuseTaken(others: readonly FgsTrigger[], { type, qualifier, eventData }: FgsTrigger): void {
  const same = others.filter((one) => one.type === type);
  const { name, path, req_method: method } = eventData;
  if (type === ("TIMER" satisfies TriggerType)) {
    if (!same.some((one) => one.qualifier === qualifier && one.eventData["name"] === name)) return;
    throw new FgsError("FSS.1148", `there is a timer ${String(name)} already`);
  }
  const isTaken = same.some((one) => {
    const methods = [one.eventData["req_method"], method];
    return one.eventData["path"] === path && (methods[0] === methods[1] || methods.includes("ANY"));
  });
  if (isTaken) throw new FgsError("FSS.1147", `there is a trigger of the path ${String(path)} already`);
}

function triggerResource({ id, type, eventData, createdAt, updatedAt }: FgsTrigger): object {
  return {
    trigger_id: id,
    trigger_type_code: type,
    trigger_status: "DISABLED",
    event_data: type === "TIMER" ? eventData : { ...eventData, triggerid: id },
    last_updated_time: updatedAt,
    created_time: createdAt,
  };
}
