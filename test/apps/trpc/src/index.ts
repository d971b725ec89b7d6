/** A tRPC router on the fetch adapter, after trpc.io/docs/server/adapters/fetch. */
import { initTRPC, tracked, TRPCError } from "@trpc/server";
import { fetchRequestHandler, type FetchCreateContextFnOptions } from "@trpc/server/adapters/fetch";
import { z } from "zod";

function createContext({ req, resHeaders }: FetchCreateContextFnOptions) {
  return { user: { name: req.headers.get("username") ?? "anonymous" }, resHeaders };
}

const t = initTRPC.context<Awaited<ReturnType<typeof createContext>>>().create();

const signedIn = t.procedure.use(({ ctx, next }) => {
  if (ctx.user.name === "anonymous") throw new TRPCError({ code: "UNAUTHORIZED", message: "Who are you?" });
  return next({ ctx });
});

const posts = [{ id: "1", title: "Everything you need to know about tRPC" }];

const postRouter = t.router({
  list: t.procedure.query(() => posts),
  create: signedIn.input(z.object({ title: z.string().min(1) })).mutation(({ input, ctx }) => {
    const post = { id: String(posts.length + 1), title: `${input.title} by ${ctx.user.name}` };
    posts.push(post);
    ctx.resHeaders.set("x-post", post.id);
    return post;
  }),
  fail: t.procedure.query(() => {
    throw new Error("nothing works");
  }),
});

const appRouter = t.router({
  hello: t.procedure.input(z.string().nullish()).query(({ input, ctx }) => `hello ${input ?? ctx.user.name}`),
  post: postRouter,
  ticks: t.procedure.subscription(async function* () {
    for (let i = 1; i <= 3; i++) yield tracked(String(i), { tick: i });
  }),
});

export type AppRouter = typeof appRouter;

export default {
  fetch(request: Request): Promise<Response> {
    return fetchRequestHandler({ endpoint: "/trpc", req: request, router: appRouter, createContext });
  },
};
