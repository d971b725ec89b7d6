/**
 * No app, only a claim of the type check: beside the apps in one program, neither `dom` nor Node's types are there. A package whose
 * types bring them makes an expected error below vanish, which is an error; its app then moves to tsconfig.foreign.json.
 */

// @ts-expect-error -- of lib.dom
export const page = (): unknown => document;
// @ts-expect-error -- of @types/node
export type Timer = NodeJS.Timeout;
