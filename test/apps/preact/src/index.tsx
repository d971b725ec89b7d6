/** @jsxImportSource preact */
/** Pages rendered by Preact: at once, after waiting for lazy parts, and as a stream. */
import { createContext, type ComponentChildren } from "preact";
import { Suspense, lazy } from "preact/compat";
import { useContext, useId, useMemo, useState } from "preact/hooks";
import { render, renderToStringAsync } from "preact-render-to-string";
import { renderToReadableStream } from "preact-render-to-string/stream";

interface Env {
  readonly BACKEND: string;
}

const Theme = createContext("light");

const Button = ({ children }: { readonly children: ComponentChildren }) => (
  <button class={`theme-${useContext(Theme)}`} disabled style={{ color: "red", marginTop: 5 }}>
    {children}
  </button>
);

const Counter = ({ start }: { readonly start: number }) => {
  const [count] = useState(start);
  const doubled = useMemo(() => count * 2, [count]);
  return (
    <p data-count={count}>
      {count} &times; 2 = {doubled}
    </p>
  );
};

const Page = ({ name }: { readonly name: string }) => (
  <Theme.Provider value="dark">
    <main>
      <h1>Hello {name}</h1>
      <Counter start={21} />
      <Button>Press &lt;me&gt;</Button>
      <input type="checkbox" checked />
      <div dangerouslySetInnerHTML={{ __html: "<b>raw</b>" }} />
      {[1, 2].map((n) => (
        <i key={n}>{n}</i>
      ))}
      {null}
      {false}
    </main>
  </Theme.Provider>
);

/** A component that comes from elsewhere, as an import would. */
function lazyText(url: string) {
  return lazy(async () => {
    const { text } = (await (await fetch(url)).json()) as { text: string };
    return { default: () => <em>{text}</em> };
  });
}

const Field = ({ label }: { readonly label: string }) => {
  const id = useId();
  return (
    <p>
      <label for={id}>{label}</label>
      <input id={id} />
    </p>
  );
};

export default {
  async fetch(request: Request, { BACKEND }: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const headers = { "content-type": "text/html; charset=utf-8" };
    const Lazy = lazyText(`${BACKEND}${pathname}`);
    const late = (
      <div>
        <Suspense fallback={<p>loading</p>}>
          <Lazy />
        </Suspense>
      </div>
    );
    switch (pathname) {
      case "/":
        return new Response(`<!doctype html>${render(<Page name={searchParams.get("name") ?? "World"} />)}`, {
          headers,
        });
      case "/fields":
        return new Response(render(<Field label="Name" />), { headers });
      case "/lazy":
        return new Response(await renderToStringAsync(late), { headers });
      case "/stream":
        return new Response(renderToReadableStream(late), { headers });
      default:
        return new Response(null, { status: 404 });
    }
  },
};
