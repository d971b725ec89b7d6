/** Functions of FunctionGraph's clients on a real control plane: what holds while changes overlap, wait for nodes, or are refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unpackArchive } from "../../../sdk/code-archive.ts";
import { answering, TestControlPlane } from "../test-control-plane.ts";
import { TestNode } from "../test-node.ts";
import { FgsCaller, urn } from "./fgs-caller.ts";

let control: TestControlPlane;
const fgs = new FgsCaller(() => control);
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(async () => {
  await control.close();
});

const codeOf = (answer: string): object => ({
  code_type: "inline",
  func_code: {
    file: Buffer.from(`exports.handler = async (event, context) => ${JSON.stringify(answer)};`).toString("base64"),
  },
});
const functionOf = (name: string, more: object = {}): object => ({
  func_name: name,
  package: "default",
  runtime: "Node.js18.15",
  timeout: 3,
  handler: "index.handler",
  memory_size: 128,
  ...codeOf("first"),
  ...more,
});
const create = (name: string): Promise<unknown> => fgs.ok("POST functions", functionOf(name));
const update = (name: string, answer: string): Promise<readonly [number, unknown]> =>
  fgs.refusal(`PUT functions/${urn(name)}/code`, codeOf(answer));

/** The source that `latest` has. */
async function shownCode(name: string): Promise<string> {
  const { func_code: code } = await fgs.ok(`GET functions/${urn(name)}/code`);
  const unpacked = await unpackArchive(Buffer.from((code as { readonly file: string }).file, "base64"));
  return unpacked.ok ? unpacked.files.map(({ bytes }) => Buffer.from(bytes).toString()).join() : unpacked.reason;
}

/** Runs `change` with a node that has not taken it yet: `meanwhile` runs when the node was sent it. */
async function whileNodeIsSlow<T>(change: () => Promise<T>, meanwhile: () => Promise<void>): Promise<T> {
  const node = await TestNode.connect(control, "slow");
  try {
    await node.nextState();
    const changed = change();
    await node.nextState();
    await meanwhile();
    node.disconnect();
    return await changed;
  } finally {
    node.disconnect();
  }
}

describe("a change that waits for nodes", () => {
  it("is what latest is from the moment that they are sent it, and what is published then", async () => {
    await create("slow");
    let version: Promise<unknown> = Promise.resolve();
    const changed = await whileNodeIsSlow(
      () => update("slow", "second"),
      async () => {
        expect(await shownCode("slow")).toContain("second");
        version = fgs.refusal(`POST functions/${urn("slow")}/versions`, { version: "v1" });
        await expect.poll(() => fgs.refusal(`GET functions/${urn("slow", ":v1")}/config`)).toEqual([200, undefined]);
      },
    );
    expect([changed, await version]).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    expect(await shownCode("slow")).toContain("second");
    expect([await update("slow", "third"), await update("slow", "fourth")]).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    expect(await fgs.refusal(`PUT functions/${urn("slow")}/config`, { memory_size: 256 })).toEqual([200, undefined]);
  });

  it("is whole when it creates the function", async () => {
    const created = await whileNodeIsSlow(
      () => fgs.refusal("POST functions", functionOf("whole", { user_data: '{"A":"1"}', description: "d" })),
      async () => {
        const shown = await fgs.ok(`GET functions/${urn("whole")}/config`);
        expect([shown["user_data"], shown["description"]]).toEqual(['{"A":"1"}', "d"]);
      },
    );
    expect(created).toEqual([200, undefined]);
  });

  it("is whole when it changes the configuration", async () => {
    await create("configured");
    const config = `functions/${urn("configured")}/config`;
    await whileNodeIsSlow(
      () => fgs.ok(`PUT ${config}`, { memory_size: 256, description: "d", user_data: '{"A":"2"}' }),
      async () => {
        const shown = await fgs.ok(`GET ${config}`);
        expect([shown["memory_size"], shown["description"], shown["user_data"]]).toEqual([256, "d", '{"A":"2"}']);
      },
    );
    await whileNodeIsSlow(
      () => fgs.ok(`PUT functions/${urn("configured")}/config-max-instance`, { max_instance_num: 0 }),
      async () => expect((await fgs.ok(`GET ${config}`))["enable"]).toBe(false),
    );
  });
});

describe("changes at once", () => {
  it("are made or refused with FSS.0409, and latest is what the one that was made says", async () => {
    await create("busy");
    const answers = ["one", "two", "three"];
    const outcomes = await Promise.all(answers.map((answer) => update("busy", answer)));
    for (const outcome of outcomes) expect(["200 ", "409 FSS.0409"]).toContain(outcome.join(" "));
    const made = answers.filter((_, index) => outcomes[index]?.[0] === 200);
    expect(made.map((answer) => JSON.stringify(answer))).toContain(/=> (".*");/.exec(await shownCode("busy"))?.[1]);
    expect(await update("busy", "afterwards")).toEqual([200, undefined]);
  });

  it("of code and of configuration lose nothing that was acknowledged", async () => {
    await create("both");
    const config = `functions/${urn("both")}/config`;
    const changed = [update("both", "changed"), fgs.refusal(`PUT ${config}`, { user_data: '{"A":"1"}' })];
    const [code, configured] = await Promise.all(changed);
    const shown = await fgs.ok(`GET ${config}`);
    expect([(await shownCode("both")).includes("changed"), shown["user_data"] === '{"A":"1"}']).toEqual([
      code?.[0] === 200,
      configured?.[0] === 200,
    ]);
    const { variables } = await control.ok<{ variables: object }>("GET /v1/functions/both/environment");
    expect(variables).toEqual(configured?.[0] === 200 ? { A: "1" } : {});
  });

  it("that create one function make it once", async () => {
    const outcomes = await Promise.all([1, 2].map(() => fgs.refusal("POST functions", functionOf("twice"))));
    const statuses = outcomes.map(([status]) => status);
    expect([statuses.length, new Set(statuses)]).toEqual([2, new Set([200, 409])]);
    expect(await update("twice", "second")).toEqual([200, undefined]);
  });
});

describe("a change that is refused", () => {
  it("leaves no function behind", async () => {
    const broken = functionOf("broken", { func_code: { file: Buffer.from("(((").toString("base64") } });
    expect(await fgs.refusal("POST functions", broken)).toEqual([400, "FSS.1011"]);
    expect((await control.call("GET /v1/functions/broken")).status).toBe(404);
    await create("broken");
  });

  it("leaves the environment as it was", async () => {
    await fgs.ok("POST functions", functionOf("kept", { user_data: '{"A":"1"}', encrypted_user_data: '{"KEY":"k"}' }));
    const refused = { user_data: '{"A":"2"}', handler: "index.none" };
    expect(await fgs.refusal(`PUT functions/${urn("kept")}/config`, refused)).toEqual([400, "FSS.1011"]);
    expect(await control.ok("GET /v1/functions/kept/environment")).toEqual({ variables: { A: "1" }, secrets: ["KEY"] });
  });
});

it("a version whose name latest would get next is no obstacle", async () => {
  await create("counted");
  await control.publish("counted", answering("taken"), { version: "draft.2" });
  expect(await update("counted", "second")).toEqual([200, undefined]);
});
