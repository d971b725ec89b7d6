/** Builds SQL with Kysely without a driver, after "Splitting query building and execution" of its documentation. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type CompiledQuery,
  type Generated,
} from "kysely";

interface Database {
  person: {
    id: Generated<number>;
    first_name: string;
    last_name: string | null;
    age: number;
  };
  pet: { id: Generated<number>; name: string; owner_id: number; species: "cat" | "dog" };
}

const db = new Kysely<Database>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const queries: Readonly<Record<string, (value: string) => CompiledQuery>> = {
  select: (value) =>
    db
      .selectFrom("person")
      .select(["id", "first_name"])
      .where("first_name", "=", value)
      .orderBy("id", "desc")
      .compile(),
  join: (value) =>
    db
      .selectFrom("person")
      .innerJoin("pet", "pet.owner_id", "person.id")
      .select(["person.id as person_id", "pet.name as pet_name"])
      .where((eb) => eb.or([eb("pet.species", "in", ["cat", "dog"]), eb("person.age", ">", Number(value))]))
      .compile(),
  insert: (value) =>
    db.insertInto("person").values({ first_name: value, last_name: null, age: 40 }).returningAll().compile(),
  update: (value) =>
    db
      .updateTable("person")
      .set((eb) => ({ age: eb("age", "+", 1) }))
      .where("id", "=", Number(value))
      .compile(),
  cte: (value) =>
    db
      .with("jennifers", (cte) => cte.selectFrom("person").where("first_name", "=", value).select(["id", "age"]))
      .selectFrom("jennifers")
      .select((eb) => eb.fn.max("age").as("oldest"))
      .compile(),
  raw: (value) =>
    sql`select ${sql.ref("first_name")} from ${sql.table("person")} where age > ${Number(value)}`.compile(db),
  schema: () =>
    db.schema
      .createTable("toy")
      .addColumn("id", "serial", (column) => column.primaryKey())
      .addColumn("name", "varchar(255)", (column) => column.notNull().unique())
      .compile(),
};

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/execute") return Response.json(await db.selectFrom("person").selectAll().execute());
    const query = queries[pathname.slice(1)];
    if (query === undefined) return new Response(null, { status: 404 });
    const { sql: text, parameters } = query(searchParams.get("value") ?? "");
    return Response.json({ sql: text, parameters });
  },
};
