/** The contract of `Driver` about parts of the guest: loaded when first used, and not to be told from what was always there. */
import { expect, it } from "vitest";
import type { RunFunction } from "./driver-run.ts";
import { textOf } from "./driver-fixtures.ts";

export function parts(run: RunFunction): void {
  it("a part is loaded when a hook first uses it", async () => {
    const { outcome } = await run(
      `{ fetch() { return new HTMLRewriter().on("p", { element: (p) => p.append("b") }).transform(new Response("<p>a</p>")); } }`,
    );
    expect(await textOf(outcome)).toBe("<p>ab</p>");
  });

  it("a part's global is there before, unseen by enumeration, and an ordinary property after its first use", async () => {
    const { outcome } = await run(`{ fetch() {
      const has = ["HTMLRewriter" in globalThis, Object.keys(globalThis).includes("HTMLRewriter")];
      const type = typeof HTMLRewriter;
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, "HTMLRewriter");
      return Response.json([has, type, value === HTMLRewriter, value.name, writable, enumerable, configurable]);
    } }`);
    expect(JSON.parse(await textOf(outcome))).toEqual([
      [true, false],
      "function",
      true,
      "HTMLRewriter",
      true,
      false,
      true,
    ]);
  });

  it("a part's global can be assigned before its first use", async () => {
    const { outcome } = await run(`{ fetch() {
      HTMLRewriter = 1;
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, "HTMLRewriter");
      return Response.json([HTMLRewriter, value, writable, enumerable, configurable]);
    } }`);
    expect(JSON.parse(await textOf(outcome))).toEqual([1, 1, true, false, true]);
  });

  it("a part loads although user code replaced what evaluates code, and sees the web's own classes", async () => {
    const { outcome } = await run(`{ fetch() {
      const Given = Response;
      globalThis.eval = () => "user";
      globalThis.Response = null;
      return new HTMLRewriter().transform(new Given("a"));
    } }`);
    expect(await textOf(outcome)).toBe("a");
  });

  it("a part may be used at the module's top level", async () => {
    const { outcome } = await run(
      `(() => { const rewriter = new HTMLRewriter().on("b", { element: (b) => b.remove() });
        return { fetch() { return rewriter.transform(new Response("a<b>c</b>")); } }; })()`,
    );
    expect(await textOf(outcome)).toBe("a");
  });

  it("nothing of the host is left on the global object", async () => {
    const { outcome } = await run(`{ fetch() {
      new HTMLRewriter();
      return Response.json(Object.getOwnPropertyNames(globalThis).filter((name) => name.includes("selvage")));
    } }`);
    expect(await textOf(outcome)).toBe("[]");
  });
}
