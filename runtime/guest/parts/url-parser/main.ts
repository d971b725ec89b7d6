// eslint-disable-next-line typescript/triple-slash-reference -- a file of ambient declarations cannot be imported
/// <reference path="./url-state-machine.d.ts" />
/**
 * Part: the URL Standard's parser. The door to whatwg-url's state machine: nothing else imports it. Only what is not an ordinary URL
 * comes here (web/url/fast-url.ts).
 */
import stateMachine from "whatwg-url/lib/url-state-machine.js";
import type { StateOverride, UrlRecord } from "whatwg-url/lib/url-state-machine.js";

export type { StateOverride, UrlRecord };

/** Null when `input` is no URL. `base` must be valid. */
export function parseUrl(input: string, base: UrlRecord | null = null): UrlRecord | null {
  return stateMachine.basicURLParse(input, { baseURL: base });
}

/** Parses `input` into one part of `record`, as the setters do; what is invalid leaves the record as it was and gives false. */
export function parsePart(record: UrlRecord, input: string, part: StateOverride): boolean {
  return stateMachine.basicURLParse(input, { url: record, stateOverride: part }) !== null;
}

export function serializeUrl(record: UrlRecord): string {
  return stateMachine.serializeURL(record);
}

export function originOf(record: UrlRecord): string {
  return stateMachine.serializeURLOrigin(record);
}

export function hostnameOf(record: UrlRecord): string {
  return record.host === null ? "" : stateMachine.serializeHost(record.host);
}

export function pathOf(record: UrlRecord): string {
  return stateMachine.serializePath(record);
}

export function cannotHaveCredentialsOrPort(record: UrlRecord): boolean {
  return stateMachine.cannotHaveAUsernamePasswordPort(record);
}

export function hasOpaquePath(record: UrlRecord): boolean {
  return stateMachine.hasAnOpaquePath(record);
}

export function setUsername(record: UrlRecord, username: string): void {
  stateMachine.setTheUsername(record, username);
}

export function setPassword(record: UrlRecord, password: string): void {
  stateMachine.setThePassword(record, password);
}
