/** Drizzle over an HTTP proxy ("Drizzle HTTP proxy" of its documentation): queries are built here and run elsewhere. */
import { and, desc, eq, gt, ilike, relations, sql } from "drizzle-orm";
import { integer, pgTable, serial, text, timestamp } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/pg-proxy";

interface Env {
  readonly BACKEND: string;
}

const users = pgTable("users", {
  id: serial("id").primaryKey(),
  name: text("name").notNull(),
  age: integer("age"),
  createdAt: timestamp("created_at", { withTimezone: true }).defaultNow().notNull(),
});
const posts = pgTable("posts", {
  id: serial("id").primaryKey(),
  title: text("title").notNull(),
  authorId: integer("author_id").references(() => users.id),
});
const schema = {
  users,
  posts,
  usersRelations: relations(users, ({ many }) => ({ posts: many(posts) })),
  postsRelations: relations(posts, ({ one }) => ({
    author: one(users, { fields: [posts.authorId], references: [users.id] }),
  })),
};

function open({ BACKEND }: Env) {
  return drizzle(
    async (query, params, method) => {
      const body = JSON.stringify({ sql: query, params, method });
      const response = await fetch(`${BACKEND}/query`, { method: "POST", body });
      return { rows: (await response.json()) as unknown[][] };
    },
    { schema },
  );
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const db = open(env);
    const { pathname, searchParams } = new URL(request.url);
    const id = Number(searchParams.get("id"));
    switch (pathname) {
      case "/users":
        return Response.json(
          await db
            .select({ id: users.id, name: users.name, createdAt: users.createdAt })
            .from(users)
            .where(and(ilike(users.name, `%${searchParams.get("name") ?? ""}%`), gt(users.age, 17)))
            .orderBy(desc(users.createdAt))
            .limit(10),
        );
      case "/insert":
        return Response.json(
          db
            .insert(users)
            .values((await request.json()) as typeof users.$inferInsert)
            .onConflictDoUpdate({ target: users.id, set: { name: sql`excluded.name` } })
            .returning({ id: users.id })
            .toSQL(),
        );
      case "/update":
        return Response.json(db.update(users).set({ age: 30 }).where(eq(users.id, id)).toSQL());
      case "/delete":
        return Response.json(
          db
            .delete(users)
            .where(sql`lower(${users.name}) = ${searchParams.get("name")}`)
            .toSQL(),
        );
      case "/join":
        return Response.json(
          db
            .select({ name: users.name, posts: sql<number>`count(${posts.id})` })
            .from(users)
            .leftJoin(posts, eq(posts.authorId, users.id))
            .groupBy(users.id)
            .toSQL(),
        );
      case "/relations":
        return Response.json(db.query.users.findMany({ with: { posts: true }, limit: 1 }).toSQL());
      default:
        return new Response(null, { status: 404 });
    }
  },
};
