/** Traces its requests with OpenTelemetry's SDK and sends them over OTLP/HTTP after the answer. */
import { context, propagation, SpanKind, SpanStatusCode, trace, type Span } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

interface Env {
  readonly COLLECTOR: string;
}
interface Ctx {
  waitUntil(promise: Promise<unknown>): void;
}

let provider: TracerProvider | null = null;

function startTracing({ COLLECTOR }: Env): TracerProvider {
  const exporter = new OTLPTraceExporter({ url: `${COLLECTOR}/v1/traces`, headers: { "x-api-key": "otel-key" } });
  const started = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "edge-shop", "service.version": "1.2.3" }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  trace.setGlobalTracerProvider(started);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return started;
}

/** A child span around a request to the stock, which is told the trace. */
async function stockOf(parent: Span, url: string): Promise<number> {
  const tracer = trace.getTracer("shop", "0.1.0");
  const within = trace.setSpan(context.active(), parent);
  const span = tracer.startSpan("GET stock", { kind: SpanKind.CLIENT, attributes: { "url.full": "/stock" } }, within);
  const headers: Record<string, string> = {};
  propagation.inject(trace.setSpan(within, span), headers);
  try {
    const response = await fetch(url, { headers });
    span.setAttribute("http.response.status_code", response.status);
    return ((await response.json()) as { count: number }).count;
  } finally {
    span.end();
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: Ctx): Promise<Response> {
    const tracing = (provider ??= startTracing(env));
    const incoming = propagation.extract(context.active(), Object.fromEntries(request.headers));
    const { pathname } = new URL(request.url);
    const attributes = { "http.request.method": request.method, "url.path": pathname };
    const span = trace.getTracer("shop", "0.1.0").startSpan("request", { kind: SpanKind.SERVER, attributes }, incoming);
    try {
      if (pathname === "/broken") throw new RangeError("out of stock");
      const count = await stockOf(span, `${env.COLLECTOR}/stock`);
      span.addEvent("counted", { count });
      return Response.json({ count, trace: span.spanContext().traceId });
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      return new Response(null, { status: 500 });
    } finally {
      span.end();
      ctx.waitUntil(tracing.forceFlush());
    }
  },
};
