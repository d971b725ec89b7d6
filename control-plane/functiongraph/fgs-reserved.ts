/**
 * Reserved instances as clients of FunctionGraph set and read them (interfaces.md §3.5): a count, policies by time, by utilisation and, ours, by prediction.
 *
 * Invariants: a count of 0 without policies takes the reservation away; `latest` is the working copy, as everywhere for these clients.
 */
import { latestVersion } from "../../sdk/function-name.ts";
import { guaranteedMax, type ReservedConfig, type ReservedInput, type ReservedResource } from "../../sdk/reserved.ts";
import { ControlError } from "../control-error.ts";
import type { ReservedService } from "../reserved/reserved-service.ts";
import type { Store } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import { invalid, type Body } from "./function-settings.ts";
import { instancesMaxOf } from "./instance-settings.ts";
import { queryInteger } from "./query-integer.ts";
import { formatUrn, parseUrn, type FunctionUrn } from "./urn.ts";

export interface FgsReservedOptions {
  readonly store: Store;
  readonly functions: FgsFunctionService;
  readonly reserved: ReservedService;
}

type Query = Readonly<Record<string, string | undefined>>;

/** A reservation, and the URN of what it is for. */
interface Listed {
  readonly urn: FunctionUrn;
  readonly reservation: ReservedResource;
}

const pageMax = 500;
/** The last second of the year 9999. */
const secondsMax = 253_402_300_799;

export class FgsReserved {
  readonly #options: FgsReservedOptions;

  constructor(options: FgsReservedOptions) {
    this.#options = options;
  }

  /** @throws FgsError FSS.0400, FSS.0403 beyond a quota, FSS.0409 when the version has a reservation under another name, FSS.1051..1053. */
  async set(urn: FunctionUrn, body: Body): Promise<object> {
    const { functions, reserved } = this.#options;
    const { row, version } = await functions.find(urn);
    const name = { functionName: urn.name, qualifier: urn.qualifier?.name ?? latestVersion };
    // What latest may have is what it was published with last, unless a version of that name says otherwise.
    const input = readInput(
      body,
      row.instancesMax === 0 ? 0 : (version?.limits.instancesMax ?? instancesMaxOf(row.instancesMax)),
    );
    if (asksForNothing(input)) {
      await reserved.delete(name).catch((error: unknown) => {
        if (!(error instanceof ControlError && error.code === "NOT_FOUND")) throw error;
      });
      return { count: 0, idle_mode: input.idleMode ?? false, tactics_config: {} };
    }
    const { reservation } = await reserved.set(name, input).catch((error: unknown) => {
      throw inTheirWords(error);
    });
    return { count: reservation.count, idle_mode: reservation.idleMode, tactics_config: tacticsOf(reservation) };
  }

  /** How many are kept at the moment. */
  async list(project: string, query: Query): Promise<object> {
    const { page, ...rest } = await this.#page(project, { query, urn: query["urn"] });
    const shown = page.map(({ urn, reservation }) => ({
      func_urn: formatUrn(urn),
      count: Math.max(reservation.countNow, reservation.metric?.min ?? 0, reservation.recommended?.min ?? 0),
    }));
    return { reservedinstances: shown, ...rest };
  }

  /** What was set. */
  async listConfigs(project: string, query: Query): Promise<object> {
    const { page, ...rest } = await this.#page(project, { query, urn: query["function_urn"] });
    const shown = page.map(({ urn, reservation }) => ({
      function_urn: formatUrn({ ...urn, qualifier: null }),
      qualifier_type: urn.qualifier?.kind ?? "version",
      qualifier_name: reservation.qualifier,
      min_count: reservation.count,
      idle_mode: reservation.idleMode,
      tactics_config: tacticsOf(reservation),
    }));
    return { reserved_instances: shown, ...rest };
  }

  async #page(
    project: string,
    { query, urn }: { readonly query: Query; readonly urn: string | undefined },
  ): Promise<{ readonly page: readonly Listed[]; readonly page_info: object; readonly count: number }> {
    const marker = queryInteger(query["marker"], { key: "marker", min: 0, max: 1_000_000, default: 0 });
    const limit = queryInteger(query["limit"], { key: "limit", min: 1, max: pageMax, default: pageMax });
    const all = await this.#all(project, urn === undefined || urn === "" ? null : requireUrn(project, urn));
    const page = all.slice(marker, marker + limit);
    const page_info = {
      next_marker: marker + page.length,
      previous_marker: Math.max(0, marker - limit),
      current_count: page.length,
    };
    return { page, page_info, count: all.length };
  }

  /** Of one function, alias or version, or of every function of these clients. */
  async #all(project: string, urn: FunctionUrn | null): Promise<readonly Listed[]> {
    const { functions, reserved, store } = this.#options;
    if (urn !== null) await functions.find(urn);
    const known = await store.read(async ({ aliases, fgsFunctions }) => {
      const rows = await fgsFunctions.list();
      return { packages: new Map(rows.map((row) => [row.function, row.package])), aliases: await aliases.listAll() };
    });
    const wanted = urn?.qualifier?.name ?? null;
    const aliases = new Set(known.aliases.map((alias) => `${alias.function} ${alias.name}`));
    const reservations = urn === null ? await reserved.listAll() : await reserved.list(urn.name);
    return reservations.flatMap((reservation): readonly Listed[] => {
      const { function: name, qualifier } = reservation;
      const owner = known.packages.get(name);
      if (owner === undefined || (wanted !== null && wanted !== qualifier)) return [];
      const kind = aliases.has(`${name} ${qualifier}`) ? ("alias" as const) : ("version" as const);
      return [{ urn: { project, package: owner, name, qualifier: { kind, name: qualifier } }, reservation }];
    });
  }
}

function requireUrn(project: string, text: string): FunctionUrn {
  const urn = parseUrn(text);
  if (urn !== null && urn.project === project) return urn;
  throw new FgsError("FSS.1309", "urn: allowed: urn:fss:REGION:PROJECT:function:PACKAGE:NAME[:VERSION or :!ALIAS]");
}

/** Shapes and names; ranges are the core's to check. */
function readInput(body: Body, countMax: number): ReservedInput {
  const { count, idle_mode: idleMode } = body;
  const wanted = readCount(count, "count", countMax);
  if (idleMode !== undefined && idleMode !== null && typeof idleMode !== "boolean") {
    throw invalid("FSS.0400", "idle_mode", { received: idleMode, allowed: "true or false" });
  }
  const tactics = readObject(body["tactics_config"], "tactics_config");
  const crons = readList(tactics["cron_configs"], "tactics_config.cron_configs");
  const schedules = crons.map(({ name, cron, count: each, start_time: start, expired_time: expiry }, index) => {
    const path = `tactics_config.cron_configs[${index}]`;
    const held = readCount(each, `${path}.count`, countMax);
    const times = { start: readTime(start, `${path}.start_time`), expiry: readTime(expiry, `${path}.expired_time`) };
    return { name: name as string, cron: cron as string, count: held, ...times };
  });
  return {
    count: wanted,
    idleMode: idleMode === true,
    schedules,
    metric: readMetric(tactics, countMax),
    recommended: readRecommended(tactics, countMax),
  };
}

function readMetric(tactics: Body, max: number): ReservedConfig["metric"] {
  const path = "tactics_config.metric_configs";
  const [metric, ...others] = readList(tactics["metric_configs"], path);
  if (others.length > 0) throw new FgsError("FSS.0400", `${path}: received ${others.length + 1}, allowed: at most 1`);
  if (metric === undefined) return null;
  const { name, type, threshold, min } = metric;
  if (type !== "Concurrency") {
    throw invalid("FSS.0400", `${path}[0].type`, { received: type, allowed: "Concurrency" });
  }
  const targetPercent = threshold as number;
  return {
    name: name as string,
    targetPercent,
    min: readCount(min ?? 0, `${path}[0].min`, max),
    max: Math.max(1, max),
  };
}

/** Ours: their clients' models do not have it. */
function readRecommended(tactics: Body, countMax: number): ReservedConfig["recommended"] {
  const path = "tactics_config.recommend_configs";
  const [recommended, ...others] = readList(tactics["recommend_configs"], path);
  if (others.length > 0) throw new FgsError("FSS.0400", `${path}: received ${others.length + 1}, allowed: at most 1`);
  if (recommended === undefined) return null;
  const { mode, min, max } = recommended;
  return {
    mode: mode as NonNullable<ReservedConfig["recommended"]>["mode"],
    min: readCount(min ?? 0, `${path}[0].min`, countMax),
    max: readCount(max ?? Math.max(1, countMax), `${path}[0].max`, countMax),
  };
}

function readCount(value: unknown, path: string, max: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw invalid("FSS.0400", path, {
    received: value,
    allowed: `an integer 0..${max}, the most instances that the function may have`,
  });
}

function readTime(value: unknown, path: string): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= secondsMax) {
    return new Date(value * 1_000).toISOString();
  }
  throw invalid("FSS.0400", path, { received: value, allowed: `seconds since 1970, 0..${secondsMax}` });
}

function readObject(value: unknown, path: string): Body {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Body;
  throw invalid("FSS.0400", path, { received: value, allowed: "an object" });
}

function readList(value: unknown, path: string): readonly Body[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map((item: unknown, index) => readObject(item, `${path}[${index}]`));
  throw invalid("FSS.0400", path, { received: value, allowed: "a list" });
}

function asksForNothing({ count = 0, schedules = [], metric = null, recommended = null }: ReservedInput): boolean {
  return (
    schedules.length === 0 &&
    guaranteedMax({ count, schedules, metric, recommended }) === 0 &&
    metric === null &&
    recommended === null
  );
}

/** A refusal of the core with the names that the client knows. */
function inTheirWords(error: unknown): unknown {
  if (!(error instanceof ControlError && error.code === "INPUT_INVALID")) return error;
  const [{ path, message } = { path: "body", message: error.message }] = error.problems;
  const named = path
    .replace(/^schedules/, "tactics_config.cron_configs")
    .replace(/^metric/, "tactics_config.metric_configs[0]")
    .replace(/^recommended/, "tactics_config.recommend_configs[0]")
    .replace(/\.targetPercent$/, ".threshold")
    .replace(/\.expiry$/, ".expired_time");
  return new FgsError("FSS.0400", `${named}: ${message}`);
}

function tacticsOf({ schedules, metric, recommended }: ReservedConfig): object {
  return {
    ...(schedules.length === 0
      ? {}
      : {
          cron_configs: schedules.map(({ name, cron, count, start, expiry }) => ({
            name,
            cron,
            count,
            start_time: Math.floor(Date.parse(start) / 1_000),
            expired_time: Math.floor(Date.parse(expiry) / 1_000),
          })),
        }),
    ...(metric === null
      ? {}
      : {
          metric_configs: [
            { name: metric.name, type: "Concurrency", threshold: metric.targetPercent, min: metric.min },
          ],
        }),
    ...(recommended === null
      ? {}
      : { recommend_configs: [{ mode: recommended.mode, min: recommended.min, max: recommended.max }] }),
  };
}
