/** @jsxImportSource react */
/** Pages by React's edge build: a shell that is streamed before its late parts, and static rendering. */
import { Suspense, use, useId } from "react";
import { renderToReadableStream, renderToStaticMarkup, renderToString } from "react-dom/server";
import { prerender } from "react-dom/static";

interface Env {
  readonly BACKEND: string;
}
interface Comment {
  readonly id: number;
  readonly text: string;
}

async function loadComments(url: string): Promise<readonly Comment[]> {
  return (await (await fetch(url)).json()) as readonly Comment[];
}

function Comments({ comments }: { readonly comments: Promise<readonly Comment[]> }) {
  return (
    <ul>
      {use(comments).map(({ id, text }) => (
        <li key={id}>{text}</li>
      ))}
    </ul>
  );
}

function Page({ comments }: { readonly comments: Promise<readonly Comment[]> }) {
  return (
    <html lang="en">
      <head>
        <title>My article</title>
        <meta name="description" content='"quoted"' />
      </head>
      <body>
        <article>Hello, world!</article>
        <Suspense fallback={<p>Loading comments...</p>}>
          <Comments comments={comments} />
        </Suspense>
      </body>
    </html>
  );
}

function Form({ name }: { readonly name: string }) {
  const id = useId();
  return (
    <form style={{ marginTop: 4 }} className="form">
      <label htmlFor={id}>{name}</label>
      <input id={id} defaultValue={'"'} readOnly />
    </form>
  );
}

function Broken(): never {
  throw new Error("the shell is broken");
}

export default {
  async fetch(request: Request, { BACKEND }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const headers = { "content-type": "text/html" };
    switch (pathname) {
      case "/": {
        const comments = loadComments(`${BACKEND}/comments`);
        const stream = await renderToReadableStream(<Page comments={comments} />, {
          bootstrapScripts: ["/main.js"],
          signal: request.signal,
        });
        return new Response(stream, { headers });
      }
      case "/for-crawlers": {
        const stream = await renderToReadableStream(<Page comments={loadComments(`${BACKEND}/ready`)} />);
        await stream.allReady;
        return new Response(stream, { headers });
      }
      case "/prerendered": {
        const { prelude } = await prerender(<Page comments={loadComments(`${BACKEND}/ready`)} />);
        return new Response(prelude, { headers });
      }
      case "/static":
        return new Response(renderToStaticMarkup(<Form name="<Name>" />), { headers });
      case "/string":
        return new Response(renderToString(<p>Hi {"there"}</p>), { headers });
      case "/broken":
        try {
          return new Response(await renderToReadableStream(<Broken />, { onError: () => undefined }), { headers });
        } catch (error) {
          return new Response(`<h1>${(error as Error).message}</h1>`, { status: 500, headers });
        }
      default:
        return new Response(null, { status: 404 });
    }
  },
};
