/** OpenTelemetry whose active span follows asynchronous calls, as its SDK's README sets it up with AsyncLocalStorage. */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

interface Env {
  readonly COLLECTOR: string;
}
interface Ctx {
  waitUntil(promise: Promise<unknown>): void;
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const tracer = trace.getTracer("shop");
let provider: TracerProvider | null = null;

function startTracing({ COLLECTOR }: Env): TracerProvider {
  const exporter = new OTLPTraceExporter({ url: `${COLLECTOR}/v1/traces` });
  const started = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(started);
  return started;
}

/** Knows nothing of its caller's span, and yet is its child. */
function read(url: string): Promise<unknown> {
  return tracer.startActiveSpan("read", async (span) => {
    const response = await fetch(url);
    trace.getActiveSpan()?.setAttribute("status", response.status);
    span.end();
    return response.json();
  });
}

export default {
  async fetch(_request: Request, env: Env, ctx: Ctx): Promise<Response> {
    const tracing = (provider ??= startTracing(env));
    return tracer.startActiveSpan("request", async (span) => {
      await Promise.resolve();
      await read(`${env.COLLECTOR}/stock`);
      span.end();
      ctx.waitUntil(tracing.forceFlush());
      return new Response(span.spanContext().spanId);
    });
  },
};
