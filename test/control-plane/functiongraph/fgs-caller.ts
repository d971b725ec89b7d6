/** Calls FunctionGraph's interface of a control plane, below one project. */
import { adminToken, type TestControlPlane } from "../test-control-plane.ts";

export type FgsAnswer = Readonly<Record<string, unknown>>;

export class FgsCaller {
  readonly #control: () => TestControlPlane;

  /** `control`: asked for with each call, since it starts after the tests are named. */
  constructor(control: () => TestControlPlane) {
    this.#control = control;
  }

  /** Status, and what is answered. `request`: method and path below the project. */
  async ask(request: string, body?: object, token: string = adminToken): Promise<readonly [number, FgsAnswer]> {
    const [method = "GET", path = ""] = request.split(" ");
    const answer = await this.#control().call<FgsAnswer>(`${method} /v2/p/fgs/${path}`, {
      token: null,
      headers: { "x-auth-token": token },
      ...(body === undefined ? {} : { body }),
    });
    return [answer.status, answer.body];
  }

  /** What is answered. @throws Error when the call is refused. */
  async ok(request: string, body?: object): Promise<FgsAnswer> {
    const [status, answer] = await this.ask(request, body);
    if (status >= 300) throw new Error(`${request} answered ${String(status)}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Status and code of a refusal. */
  async refusal(request: string, body?: object, token: string = adminToken): Promise<readonly [number, unknown]> {
    const [status, answer] = await this.ask(request, body, token);
    return [status, answer["error_code"]];
  }
}

export function urn(name: string, qualifier: string = ""): string {
  return `urn:fss:local:p:function:default:${name}${qualifier}`;
}
