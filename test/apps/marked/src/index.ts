/** Markdown rendered by marked, after marked.js.org: options, a renderer and an extension of one's own, tokens, asynchronous steps. */
import { Marked, marked, type Tokens } from "marked";

interface Env {
  readonly BACKEND: string;
}

/** From "The renderer" and "Custom Extensions" of the documentation. */
const docs = new Marked({
  renderer: {
    heading({ tokens, depth }) {
      const text = this.parser.parseInline(tokens);
      const escapedText = text.toLowerCase().replace(/[^\w]+/g, "-");
      return `<h${depth} id="${escapedText}">${text}</h${depth}>\n`;
    },
  },
  extensions: [
    {
      name: "mention",
      level: "inline",
      start: (source) => source.match(/@/)?.index,
      tokenizer(source) {
        const match = /^@(\w+)/.exec(source);
        return match ? { type: "mention", raw: match[0], user: match[1] } : undefined;
      },
      renderer: ({ user }) => `<a href="/users/${user as string}">@${user as string}</a>`,
    },
  ],
});

/** From "Walk tokens": every linked page is fetched for its title. */
const titled = new Marked({
  async: true,
  async walkTokens(token) {
    if (token.type !== "link") return;
    const link = token as Tokens.Link;
    const { title } = (await (await fetch(link.href)).json()) as { title: string };
    link.title = title;
  },
});

export default {
  async fetch(request: Request, { BACKEND }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    const headers = { "content-type": "text/html; charset=utf-8" };
    switch (pathname) {
      case "/":
        return new Response(await marked.parse(text), { headers });
      case "/inline":
        return new Response(await marked.parseInline(text), { headers });
      case "/docs":
        return new Response(await docs.parse(text), { headers });
      case "/titled":
        return new Response(await titled.parse(text.replaceAll("BACKEND", BACKEND)), { headers });
      case "/tokens": {
        const tokens = marked.lexer(text);
        return Response.json({ first: tokens[0]?.type, isWhole: tokens.map(({ raw }) => raw).join("") === text });
      }
      default:
        return new Response(null, { status: 404 });
    }
  },
};
