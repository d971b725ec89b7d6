/** What clients of FunctionGraph say of functions, and access keys, in SQL. */
import type { Kysely, Selectable } from "kysely";
import type { AccessKeyRow, AccessKeyTable, FgsFunctionRow, FgsFunctionTable } from "../functiongraph/fgs-row.ts";
import type { AccessKeysTable, Tables } from "./schema.ts";

export class SqlFgsFunctions implements FgsFunctionTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async get(functionName: string): Promise<FgsFunctionRow | null> {
    const row = await this.#db
      .selectFrom("fgs_functions")
      .select("document")
      .where("function", "=", functionName)
      .executeTakeFirst();
    return row === undefined ? null : parseDocument(row.document);
  }

  async list(): Promise<readonly FgsFunctionRow[]> {
    const rows = await this.#db.selectFrom("fgs_functions").select("document").orderBy("function").execute();
    return rows.map(({ document }) => parseDocument(document));
  }

  async put(row: FgsFunctionRow): Promise<void> {
    const document = JSON.stringify(row);
    await this.#db
      .insertInto("fgs_functions")
      .values({ function: row.function, document })
      .onConflict((conflict) => conflict.column("function").doUpdateSet({ document }))
      .execute();
  }
}

export class SqlAccessKeys implements AccessKeyTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly AccessKeyRow[]> {
    const rows = await this.#db.selectFrom("access_keys").selectAll().orderBy("created_at").orderBy("id").execute();
    return rows.map(toRow);
  }

  async get(id: string): Promise<AccessKeyRow | null> {
    const row = await this.#db.selectFrom("access_keys").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? null : toRow(row);
  }

  async insert({ id, name, role, encryptedSecret, createdAt }: AccessKeyRow): Promise<void> {
    const values = { id, name, role, encrypted_secret: encryptedSecret, created_at: createdAt };
    await this.#db.insertInto("access_keys").values(values).execute();
  }

  async delete(id: string): Promise<void> {
    await this.#db.deleteFrom("access_keys").where("id", "=", id).execute();
  }
}

/** Documents of earlier releases lack what came later. */
function parseDocument(document: string): FgsFunctionRow {
  const row = JSON.parse(document) as Omit<FgsFunctionRow, "triggers" | "dependencies"> & Partial<FgsFunctionRow>;
  return { ...row, triggers: row.triggers ?? [], dependencies: row.dependencies ?? {} };
}

function toRow(row: Selectable<AccessKeysTable>): AccessKeyRow {
  return {
    id: row.id,
    name: row.name,
    role: row.role as AccessKeyRow["role"],
    encryptedSecret: row.encrypted_secret,
    createdAt: row.created_at,
  };
}
