/**
 * Where `compileStreaming` and `instantiateStreaming` take a module from
 * (https://webassembly.github.io/spec/web-api/#compile-a-potential-webassembly-response).
 *
 * The body is read whole before it is compiled: what compiles at once is counted and bounded.
 */
import { readBytes } from "../../web/body/read-body.ts";
import { isResponse, responseStateIn } from "../../web/fetch/response.ts";
import { contentTypeName } from "../../web/headers/header-name.ts";

/** No parameters, not even empty ones. */
const wasmType = /^[\t ]*application\/wasm[\t ]*$/i;

/** The bytes of the module in `source`, a Response or a promise of one. Rejects with a TypeError for everything else. */
export async function readModuleResponse(source: unknown, where: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await source;
  if (!isResponse(response)) throw new TypeError(`${where}: argument 0 must be a Response or a promise of one`);
  const { headerList, status, body } = responseStateIn(response);
  const type = headerList.get(contentTypeName);
  if (type === null || !wasmType.test(type)) {
    throw new TypeError(`${where}: the response's content-type is ${type ?? "missing"}, allowed application/wasm`);
  }
  if (status < 200 || status > 299)
    throw new TypeError(`${where}: the response's status is ${status}, allowed 200..299`);
  return await readBytes(body);
}
