/** What the steps share: the function they are about, what it is asked, and how answers are read. */
import assert from "node:assert/strict";
import type { CompatWorld } from "./compat-world.ts";

export interface CompatStep {
  readonly name: string;
  run(world: CompatWorld): Promise<void>;
}

export const name: string = "compat";
export const urn: string = `urn:fss:local:compat:function:default:${name}`;
export const code = (text: string): string =>
  Buffer.from(
    `exports.handler = async (event, context) => {
       context.getLogger().info("asked for %s", event.name);
       if (event.fail) throw new TypeError("as asked");
       return { answer: ${JSON.stringify(text)}, name: event.name, place: context.getUserData("PLACE") };
     };`,
  ).toString("base64");

/** Expects the client to refuse with this status and code. */
export async function refused(call: Promise<unknown>, status: number, errorCode: string): Promise<void> {
  await assert.rejects(call, (error: { readonly httpStatusCode?: number; readonly errorCode?: string }) => {
    assert.deepEqual([error.httpStatusCode, error.errorCode], [status, errorCode]);
    return true;
  });
}

/** An answer as it came over the wire. */
export function raw(answer: unknown): Answer {
  return JSON.parse(JSON.stringify(answer)) as Answer;
}

export type Answer = Readonly<Record<string, unknown>> & {
  readonly functions?: readonly { readonly func_name: string }[];
  readonly versions?: readonly { readonly version: string }[];
  readonly events?: readonly { readonly name: string }[];
  readonly invocations?: readonly { readonly status: string }[];
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly strategy_config?: { readonly concurrency: number };
  readonly func_code?: { readonly file: string };
  readonly additional_version_strategy?: Readonly<
    Record<string, { readonly rules: readonly { readonly param: string }[] }>
  >;
};

export interface Invoked {
  readonly result?: string;
  readonly log?: string;
  readonly status?: number;
  readonly [key: string]: unknown;
}

export async function invoke(
  { sdk, client }: CompatWorld,
  asked: { readonly urn?: string; readonly event: object; readonly form?: string; readonly tail?: boolean },
): Promise<Invoked> {
  const request = new sdk.InvokeFunctionRequest(asked.urn ?? urn).withBody(asked.event as never);
  request.withXCFFRequestVersion(asked.form ?? "v1");
  if (asked.tail === true) request.withXCffLogType("tail");
  return (await client.invokeFunction(request)) as unknown as Invoked;
}

export const answerOf = ({ result }: Invoked): unknown => JSON.parse(result ?? "null") as unknown;
