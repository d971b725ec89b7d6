/** How a function version is kept apart from others, beyond having isolates of its own. */

/** `shared`: in a process with isolates of other functions. `dedicated`: in a process of its own. */
export const isolations = ["shared", "dedicated"] as const;
export type Isolation = (typeof isolations)[number];

/** What a function has that asks for nothing. */
export const defaultIsolation: Isolation = "shared";
