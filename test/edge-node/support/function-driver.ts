/**
 * A Driver whose functions are plain JavaScript functions in this process: for tests of everything around functions.
 */
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  RunningInvocation,
  VersionStats,
} from "../../../runtime/driver.ts";
import type { ErrorCode } from "../../../sdk/error-code.ts";

export type FunctionBody = (
  invocation: Invocation,
  host: InvocationHost,
  cancelled: AbortSignal,
) => Outcome | Promise<Outcome>;

export class FunctionDriver implements Driver {
  readonly functions: Map<string, FunctionBody> = new Map();
  readonly invocations: Invocation[] = [];
  cancelled = 0;

  load(_version: RunnableVersion): Promise<void> {
    return Promise.resolve();
  }
  unload(key: string): void {
    this.functions.delete(key);
  }
  warm(): Promise<null> {
    return Promise.resolve(null);
  }
  prewarm(): Promise<void> {
    return Promise.resolve();
  }
  reserve(): void {}
  stats(): Promise<readonly VersionStats[]> {
    return Promise.resolve([]);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  invoke(invocation: Invocation, host: InvocationHost): RunningInvocation {
    this.invocations.push(invocation);
    const run = this.functions.get(invocation.key);
    const controller = new AbortController();
    const aborted = new Promise<Outcome>((resolve) => {
      controller.signal.addEventListener("abort", () => resolve(failedOutcome("REQUEST_ABORTED")));
    });
    const outcome = (async (): Promise<Outcome> => {
      if (run === undefined) return failedOutcome("FUNCTION_UNAVAILABLE");
      try {
        return await Promise.race([run(invocation, host, controller.signal), aborted]);
      } catch (error) {
        return failedOutcome("FUNCTION_THREW", error instanceof Error ? error.message : String(error));
      }
    })();
    return {
      outcome,
      cancel: () => {
        this.cancelled++;
        controller.abort();
      },
    };
  }
}

export function failedOutcome(
  code: ErrorCode,
  message = "",
  more: { passThrough?: boolean; stack?: string } = {},
): Outcome {
  return { kind: "failed", code, message, stack: more.stack ?? "", passThrough: more.passThrough ?? false };
}

export function textOutcome(text: string, options: { status?: number; headers?: string } = {}): Outcome {
  return {
    kind: "response",
    status: options.status ?? 200,
    headers: options.headers ?? "",
    body: { kind: "text", text },
  };
}
