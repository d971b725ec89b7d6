/** The parts of whatwg-url's state machine that main.ts uses; @types/whatwg-url does not cover this file. */
declare module "whatwg-url/lib/url-state-machine.js" {
  export interface UrlRecord {
    scheme: string;
    username: string;
    password: string;
    host: string | number | number[] | null;
    port: number | null;
    path: string | string[];
    query: string | null;
    fragment: string | null;
  }

  export type StateOverride =
    "scheme start" | "host" | "hostname" | "port" | "path start" | "opaque path" | "query" | "fragment";

  interface StateMachine {
    basicURLParse(
      input: string,
      options?: { baseURL?: UrlRecord | null; url?: UrlRecord; stateOverride?: StateOverride },
    ): UrlRecord | null;
    serializeURL(record: UrlRecord, excludeFragment?: boolean): string;
    serializeURLOrigin(record: UrlRecord): string;
    serializeHost(host: string | number | number[]): string;
    serializePath(record: UrlRecord): string;
    cannotHaveAUsernamePasswordPort(record: UrlRecord): boolean;
    hasAnOpaquePath(record: UrlRecord): boolean;
    setTheUsername(record: UrlRecord, username: string): void;
    setThePassword(record: UrlRecord, password: string): void;
  }

  const stateMachine: StateMachine;
  export default stateMachine;
}
