/**
 * An event function as an HTTP function: a request becomes the event of an API gateway, the result its answer (interfaces.md §1.4, §1.5).
 * Bodies go in as Base64, as the gateway sends them. Knows no handler.
 */
import { atob, btoa } from "../../web/encoding/base64.ts";
import { latin1ToBytes, latin1ToString } from "../../web/encoding/utf8.ts";
import type { Request } from "../../web/fetch/request.ts";
import { Response } from "../../web/fetch/response.ts";
import { URL } from "../../web/url/url.ts";

export interface GatewayContext {
  readonly requestId: string;
  readonly functionName: string;
  readonly clientIp: string;
}

/** `{httpMethod, path, headers, …}`. Reads the whole body. Throws what reading throws. */
export async function gatewayEvent(
  request: Request,
  context: GatewayContext,
): Promise<Readonly<Record<string, unknown>>> {
  const { method } = request;
  const url = new URL(request.url);
  const body =
    method === "GET" || method === "HEAD" ? "" : btoa(latin1ToString(new Uint8Array(await request.arrayBuffer())));
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of url.searchParams) {
    const before = Object.hasOwn(query, name) ? query[name] : undefined;
    const now = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
    Object.defineProperty(query, name, { value: now, enumerable: true, configurable: true, writable: true });
  }
  const headers: Record<string, string> = {
    ...Object.fromEntries(request.headers),
    "x-forwarded-for": context.clientIp,
    "x-forwarded-host": url.host,
    "x-forwarded-proto": url.protocol.slice(0, -1),
    "x-real-ip": context.clientIp,
    "x-request-id": context.requestId,
  };
  return {
    body,
    requestContext: { apiId: context.functionName, requestId: context.requestId, stage: "RELEASE" },
    queryStringParameters: query,
    httpMethod: method,
    pathParameters: {},
    headers,
    path: url.pathname,
    isBase64Encoded: true,
  };
}

/** Throws a TypeError that says what the result lacks (FSS.1202 there). */
export function gatewayAnswer(result: unknown): Response {
  const fields = typeof result === "string" ? (JSON.parse(result) as unknown) : result;
  if (typeof fields !== "object" || fields === null) throw lacks("is no object");
  const { statusCode, headers, body, isBase64Encoded } = fields as Readonly<Record<string, unknown>>;
  if (typeof statusCode !== "number" || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    throw lacks("has no statusCode of 200 to 599");
  }
  const isNull = statusCode === 204 || statusCode === 205 || statusCode === 304;
  const content = isNull ? null : bodyOf(body, isBase64Encoded === true);
  const answer = new Response(content, { status: statusCode });
  for (const [name, value] of entriesOf(headers)) {
    answer.headers.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) answer.headers.append(name, String(one));
  }
  return answer;
}

function entriesOf(headers: unknown): readonly [string, unknown][] {
  return typeof headers === "object" && headers !== null ? Object.entries(headers) : [];
}

function bodyOf(body: unknown, isBase64Encoded: boolean): string | Uint8Array<ArrayBuffer> {
  if (body === undefined || body === null) return "";
  if (typeof body !== "string") throw lacks("has a body that is no string");
  return isBase64Encoded ? latin1ToBytes(atob(body)) : body;
}

function lacks(what: string): TypeError {
  return new TypeError(
    `Cannot answer: the result ${what}, allowed: {statusCode, headers, body, isBase64Encoded} with a body of text`,
  );
}
