/** Publishing functions that import WebAssembly: the modules are blobs of the version, beside its code. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublishResult } from "../../sdk/api.ts";
import { digestOf, parseManifest } from "../../sdk/artifact-format.ts";
import { addModule } from "../runtime/wasm-assembler.ts";
import { TestControlPlane } from "./test-control-plane.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(() => control.close());

const code = `import module from "./add.wasm";
  const { add } = new WebAssembly.Instance(module).exports;
  export default { fetch: () => new Response(String(add(1, 2))) };`;

/** The body of a publish of `code` with these bytes as add.wasm, which are uploaded first. */
async function publishOf(wasm: Uint8Array): Promise<object> {
  const files = { "index.ts": Buffer.from(code), "add.wasm": Buffer.from(wasm) };
  const blobs = Object.values(files).map((bytes) => ({ digest: digestOf(bytes), base64: bytes.toString("base64") }));
  await control.ok("POST /v1/blobs", { body: { blobs } });
  const tree = Object.entries(files).map(([path, bytes]) => ({ path, digest: digestOf(bytes) }));
  return { source: { kind: "tree", entry: "index.ts", files: tree }, snapshot: true, waitSeconds: 0 };
}

describe("publishing a function that imports WebAssembly", () => {
  it("keeps the modules as blobs that the manifest names, and makes no snapshot", async () => {
    await control.ok("POST /v1/functions", { body: { name: "adds" } });
    const body = await publishOf(addModule);
    const { version } = await control.ok<PublishResult>("POST /v1/functions/adds/versions", { body });
    const reason = "the version imports WebAssembly, which V8 cannot freeze";
    expect(version.snapshot).toMatchObject({ state: "off", reason });
    const headers = { authorization: `Bearer ${await control.nodeToken()}` };
    const read = async (digest: string): Promise<Buffer> => {
      const response = await fetch(`${control.url}/v1/blobs/${digest}`, { headers });
      return Buffer.from(await response.arrayBuffer());
    };
    const manifest = parseManifest(await read(version.digest));
    if (!manifest.ok) throw new Error("the manifest is not valid");
    expect(manifest.value.wasm).toEqual([{ digest: digestOf(addModule), bytes: addModule.byteLength }]);
    expect(await read(digestOf(addModule))).toEqual(Buffer.from(addModule));
    const again = await control.refusal("POST /v1/functions/adds/versions", { body });
    expect(again.code).toBe("CONFLICT");
  });

  it("refuses modules that cannot be compiled, with the compiler's reason", async () => {
    await control.ok("POST /v1/functions", { body: { name: "broken" } });
    const body = await publishOf(addModule.slice(0, -1));
    const refusal = await control.refusal("POST /v1/functions/broken/versions", { body });
    expect(refusal.code).toBe("PUBLISH_REFUSED");
    expect(JSON.stringify(refusal)).toContain(
      "A WebAssembly module that is imported cannot be used: WebAssembly.Module()",
    );
  });
});
