/** Audit records in SQL. */
import type { Kysely, Selectable } from "kysely";
import { auditLimits } from "../../sdk/audit.ts";
import type { AuditFilter, AuditRecord } from "../../sdk/audit.ts";
import type { AuditTable, NewAuditRecord } from "../store.ts";
import type { AuditsTable, Tables } from "./schema.ts";

export class SqlAudit implements AuditTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(
    filter: AuditFilter,
    { before, limit }: { readonly before: number | null; readonly limit: number },
  ): Promise<readonly AuditRecord[]> {
    let query = this.#db.selectFrom("audit").selectAll().orderBy("sequence", "desc").limit(limit);
    if (before !== null) query = query.where("sequence", "<", before);
    if (filter.from !== undefined) query = query.where("time", ">=", filter.from);
    if (filter.to !== undefined) query = query.where("time", "<", filter.to);
    if (filter.actor !== undefined) query = query.where("actor", "=", filter.actor);
    if (filter.action !== undefined) query = query.where("action", "=", filter.action);
    if (filter.level !== undefined) query = query.where("level", "=", filter.level);
    if (filter.outcome !== undefined) query = query.where("outcome", "=", filter.outcome);
    const { resource } = filter;
    if (resource !== undefined) {
      // The thing itself and what belongs to it: `/` comes before `0`.
      query = query.where((or) =>
        or.or([
          or("resource", "=", resource),
          or.and([or("resource", ">", `${resource}/`), or("resource", "<", `${resource}0`)]),
        ]),
      );
    }
    return (await query.execute()).map(toRecord);
  }

  async add(record: NewAuditRecord): Promise<void> {
    const { time, actor, tokenId, action, resource, detail, level, outcome, code, requestId } = record;
    const last = await this.#db
      .selectFrom("audit")
      .select("sequence")
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst();
    const sequence = (last?.sequence ?? 0) + 1;
    await this.#db
      .insertInto("audit")
      .values({
        sequence,
        time,
        actor,
        token_id: tokenId,
        action,
        resource,
        detail,
        level,
        outcome,
        code,
        request_id: requestId,
      })
      .execute();
    await this.#db
      .deleteFrom("audit")
      .where("sequence", "<=", sequence - auditLimits.keptMax)
      .execute();
  }

  async deleteBefore(time: string): Promise<number> {
    const newest = await this.#db
      .selectFrom("audit")
      .select("sequence")
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst();
    // The newest stays, so that numbers are never given twice.
    const { numDeletedRows } = await this.#db
      .deleteFrom("audit")
      .where("time", "<", time)
      .where("sequence", "<", newest?.sequence ?? 0)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}

function toRecord(row: Selectable<AuditsTable>): AuditRecord {
  return {
    sequence: row.sequence,
    time: row.time,
    actor: row.actor,
    tokenId: row.token_id,
    action: row.action,
    resource: row.resource,
    detail: row.detail,
    level: row.level as AuditRecord["level"],
    outcome: row.outcome as AuditRecord["outcome"],
    code: row.code,
    requestId: row.request_id,
  };
}
