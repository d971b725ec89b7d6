/**
 * What `latest` is: each change publishes a version, whose name no client sees unless it gave one, and removes the one before when nothing names it.
 *
 * Invariants: version, row, environment and what else belongs to a change are one transaction, so that each of them is there with the others or not
 * at all; a change that was made from what is not there any more is refused, whichever control plane made the other.
 */
import { isDeepStrictEqual } from "node:util";
import type { FunctionUpdate, PublishRequest } from "../../sdk/api.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Uploads } from "../blobs/uploads.ts";
import { timestamp, type Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import { requireFunction } from "../functions/require-row.ts";
import type { VersionService } from "../functions/version-service.ts";
import type { PublishService } from "../publish/publish-service.ts";
import { requireRoom } from "../quotas/require-room.ts";
import type { EnvironmentRow, Store, StoreTables, StoreView } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { entryOf, type FunctionCode } from "./function-code.ts";
import { eventOf, instancesOf, limitsOf } from "./instance-settings.ts";
import { draftPrefix } from "./locate-function.ts";

export interface FgsPublishingOptions {
  readonly store: Store;
  readonly versions: VersionService;
  readonly publishing: PublishService;
  readonly uploads: Uploads;
  readonly artifacts: BlobStore;
  readonly clock: Clock;
}

export interface FgsChange {
  /** The row that the change was made from; null: the function is created. */
  readonly base: FgsFunctionRow | null;
  readonly row: ChangedRow;
  readonly code: FunctionCode;
  /** What clients call the version; absent: they do not see it. */
  readonly named?: { readonly name: string; readonly description: string };
  /** Of the function itself. Absent keys stay. */
  readonly core?: FunctionUpdate;
  /** Absent: it stays, whatever it is then. */
  readonly environment?: EnvironmentChange;
  /** What the audit record names; default: the version with a name, else the function. */
  readonly resource?: string;
  /** Done last in the same transaction. */
  readonly finish?: (tables: StoreTables) => Promise<void>;
}

/** Without what publishing itself decides. */
export type ChangedRow = Omit<FgsFunctionRow, "codeBlob" | "drafts" | "modifiedAt">;

export interface EnvironmentChange {
  /** What `after` was made from. */
  readonly before: EnvironmentRow;
  readonly after: EnvironmentRow;
}

export class FgsPublishing {
  readonly #options: FgsPublishingOptions;

  constructor(options: FgsPublishingOptions) {
    this.#options = options;
  }

  /** @throws FgsError FSS.1061, FSS.0409 for a change made meanwhile; ControlError. */
  async publish(change: FgsChange): Promise<void> {
    const { artifacts, clock, publishing, store, uploads } = this.#options;
    const { base, code, named } = change;
    const { function: name } = change.row;
    const drafts = base?.drafts ?? 0;
    const draft = named === undefined ? await store.read((view) => freeDraft(view, { name, after: drafts })) : drafts;
    const codeBlob = await artifacts.put(code.archive);
    const digests = await uploads.store(code.files.map(({ bytes }) => bytes));
    const row = { ...change.row, drafts: draft, codeBlob };
    const version = named?.name ?? `${draftPrefix}${draft}`;
    const request = requestOf(row, { code, digests, version, description: named?.description ?? "" });
    await publishing.publish(name, request, {
      within: async (tables, insert) => {
        const modifiedAt = timestamp(clock);
        const others = await prepare(tables, { ...change, createdAt: modifiedAt });
        const inserted = await insert();
        await tables.fgsFunctions.put({ ...row, ...others, modifiedAt });
        await change.finish?.(tables);
        return inserted;
      },
      createsFunction: base === null,
      environment: change.environment?.after ?? null,
      resource: change.resource ?? (named === undefined ? `function/${name}` : `function/${name}/version/${version}`),
    });
    await this.#removeDrafts(name);
  }

  /** Those that are not the newest version; what a rule or a service names stays. */
  async #removeDrafts(functionName: string): Promise<void> {
    const { store, versions } = this.#options;
    const [, ...older] = await store.read((view) => view.versions.list(functionName));
    for (const { version } of older.filter((row) => row.version.startsWith(draftPrefix))) {
      try {
        await versions.delete({ functionName, version });
      } catch (error) {
        // NOT_FOUND: another change removed it.
        if (!(error instanceof ControlError && ["CONFLICT", "NOT_FOUND"].includes(error.code))) throw error;
      }
    }
  }
}

/** @throws FgsError FSS.1061. */
export async function refuseExisting(view: StoreView, name: string): Promise<void> {
  if ((await view.functions.get(name)) !== null) throw new FgsError("FSS.1061", "The function has existed");
}

/** What comes before the version in its transaction. Answers what publishing has no part in, as it is now. */
async function prepare(
  tables: StoreTables,
  change: FgsChange & { readonly createdAt: string },
): Promise<Partial<FgsFunctionRow>> {
  const { base, core, environment, row } = change;
  const name = row.function;
  const present = await tables.fgsFunctions.get(name);
  if (base === null) await insertFunction(tables, change);
  else if (present === null || !isDeepStrictEqual(publishedOf(present), publishedOf(base))) throw changedMeanwhile();
  if (environment !== undefined) {
    const found = await tables.functions.environment(name);
    if (!isDeepStrictEqual(found, environment.before)) throw changedMeanwhile();
    await tables.functions.setEnvironment(name, environment.after);
  }
  if (base !== null && core !== undefined) {
    const { description, enabled } = await requireFunction(tables, name);
    await tables.functions.update(name, { description, enabled, ...core });
  }
  return present === null ? {} : othersOf(present);
}

async function insertFunction(
  tables: StoreTables,
  { row, core, createdAt }: FgsChange & { readonly createdAt: string },
): Promise<void> {
  await refuseExisting(tables, row.function);
  await requireRoom(tables, "functions");
  const { description = "", enabled = true } = core ?? {};
  await tables.functions.insert({ name: row.function, description, enabled, createdAt });
}

function requestOf(
  row: Omit<FgsFunctionRow, "modifiedAt">,
  {
    code,
    digests,
    ...named
  }: {
    readonly code: FunctionCode;
    /** Of the code's files. */
    readonly digests: readonly string[];
    readonly version: string;
    readonly description: string;
  },
): PublishRequest {
  return {
    ...named,
    source: {
      kind: "tree",
      entry: entryOf(code.files, row.handler),
      files: code.files.map(({ path }, index) => ({ path, digest: digests[index] ?? "" })),
    },
    limits: limitsOf(row),
    dependencies: row.dependencies,
    event: eventOf(row),
    snapshot: instancesOf(row).snapshot,
  };
}

/** The first number after `after` whose version there never was: names are not free again, and what counts them may be behind. */
async function freeDraft(
  { versions }: StoreView,
  { name, after }: { readonly name: string; readonly after: number },
): Promise<number> {
  for (let draft = after + 1; ; draft++) {
    if (!(await versions.isNameTaken(name, `${draftPrefix}${draft}`))) return draft;
  }
}

/** What publishing has no part in. */
function othersOf({ tags, events, triggers, aliasDescriptions }: FgsFunctionRow): Partial<FgsFunctionRow> {
  return { tags, events, triggers, aliasDescriptions };
}

function publishedOf({ tags: _tags, events: _events, ...row }: FgsFunctionRow): Partial<FgsFunctionRow> {
  const { triggers: _triggers, aliasDescriptions: _descriptions, ...published } = row;
  return published;
}

function changedMeanwhile(): FgsError {
  return new FgsError("FSS.0409", "the function was changed meanwhile: read it, and try again");
}
