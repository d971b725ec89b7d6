/**
 * What a builder is told and what it says. A builder may have been taken over by the code it evaluated, so everything it
 * says is parsed here before anyone believes it.
 */
import type { BlobReference } from "../../sdk/artifact.ts";
import { errorCodes, type ErrorCode } from "../../sdk/error-code.ts";
import { hooks as allHooks, type Hook, type NamedInstanceHooks } from "../../sdk/phase.ts";
import type { Frame } from "./frame-stream.ts";

/** Header of the one frame that a builder gets; the payload is guest (the build step's file) and code in UTF-8, then the WebAssembly modules in order. */
export interface JobHeader {
  readonly guestBytes: number;
  readonly codeBytes: number;
  readonly wasm: readonly BlobReference[];
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly snapshot: boolean;
  /** The module may make code of text. */
  readonly allowEval: boolean;
  /** The export that handles events, or null. */
  readonly handler: string | null;
  /** Exports of an event function that have other names than their hooks. */
  readonly named: NamedInstanceHooks;
  readonly initialize: InitializeJob | null;
}

/** The initializer is to run before the snapshot is taken. */
export interface InitializeJob {
  /** JSON for the guest: what the function is and its plain variables; no secret. */
  readonly facts: string;
  readonly timeoutMs: number;
}

export type BuilderMessage =
  /** Everything is loaded; the next thing is the job. */
  | { readonly kind: "ready" }
  | { readonly kind: "evaluated"; readonly hooks: readonly Hook[]; readonly runtimeKey: string }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string; readonly stack: string }
  | { readonly kind: "snapshot"; readonly bytes: Uint8Array }
  | { readonly kind: "no-snapshot"; readonly reason: string };

const messageCharsMax = 2_000;
const stackCharsMax = 16_000;

/** The message in `frame`, or null when it is none. */
export function parseBuilderMessage({ header, payload }: Frame): BuilderMessage | null {
  if (typeof header !== "object" || header === null) return null;
  const fields = header as Readonly<Record<string, unknown>>;
  switch (fields["kind"]) {
    case "ready":
      return { kind: "ready" };
    case "evaluated":
      return parseEvaluated(fields);
    case "refused":
      return {
        kind: "refused",
        code: isErrorCode(fields["code"]) ? fields["code"] : "PUBLISH_REFUSED",
        message: text(fields["message"], messageCharsMax),
        stack: text(fields["stack"], stackCharsMax),
      };
    case "snapshot":
      return { kind: "snapshot", bytes: payload };
    case "no-snapshot":
      return { kind: "no-snapshot", reason: text(fields["reason"], messageCharsMax) };
    default:
      return null;
  }
}

function parseEvaluated(fields: Readonly<Record<string, unknown>>): BuilderMessage | null {
  const { hooks: names, runtimeKey } = fields;
  if (!Array.isArray(names) || typeof runtimeKey !== "string" || !/^[\x21-\x7e]{1,256}$/.test(runtimeKey)) return null;
  const hooks = allHooks.filter((hook) => names.includes(hook));
  return hooks.length === 0 ? null : { kind: "evaluated", hooks, runtimeKey };
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorCodes, value);
}

function text(value: unknown, charsMax: number): string {
  return typeof value === "string" ? value.slice(0, charsMax) : "";
}
