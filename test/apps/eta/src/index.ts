/** Templates after eta.js.org: values, loops, layouts, partials, asynchronous values. Eta compiles a template into a function. */
import { Eta } from "eta/core";

interface Env {
  readonly BACKEND: string;
}

const eta = new Eta({ cache: true });
eta.loadTemplate("@layout", "<!doctype html><title><%= it.title %></title><%~ it.body %>");
eta.loadTemplate("@user", "<b><%= it.name %></b>");
eta.loadTemplate(
  "@users",
  "<% layout('@layout', { title: 'Users' }) %><% it.users.forEach((user) => { %><%~ include('@user', user) %><% }) %>",
);

export default {
  async fetch(request: Request, { BACKEND }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const headers = { "content-type": "text/html; charset=utf-8" };
    switch (pathname) {
      case "/string":
        return new Response(eta.renderString("Hi <%= it.name %>!", (await request.json()) as object), { headers });
      case "/users":
        return new Response(eta.render("@users", (await request.json()) as object), { headers });
      case "/async": {
        const load = async (): Promise<unknown> => (await fetch(`${BACKEND}/name`)).json();
        return new Response(await eta.renderStringAsync("Hello <%= (await it.load()).name %>", { load }), { headers });
      }
      case "/broken":
        try {
          return new Response(eta.renderString("<% if (it.name { %>", {}));
        } catch (error) {
          return new Response((error as Error).name, { status: 422 });
        }
      default:
        return new Response(null, { status: 404 });
    }
  },
};
