/** What a store's refusals look like in `toMatchObject`. */
export const duplicate = { reason: "duplicate", code: "CONFLICT" } as const;
export const reference = { reason: "reference", code: "CONFLICT" } as const;
