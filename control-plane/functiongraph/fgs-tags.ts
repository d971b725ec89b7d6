/** Tags of functions (interfaces.md §3.4): at most 20, key 1..128 characters, value at most 255. */
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import type { FgsTag } from "./fgs-row.ts";
import { invalid, type Body } from "./function-settings.ts";
import type { FunctionUrn } from "./urn.ts";

export const tagLimits = { perFunctionMax: 20, keyCharsMax: 128, valueCharsMax: 255 } as const;

export class FgsTags {
  readonly #functions: FgsFunctionService;

  constructor(functions: FgsFunctionService) {
    this.#functions = functions;
  }

  async list(urn: FunctionUrn): Promise<object> {
    const { row } = await this.#functions.find({ ...urn, qualifier: null });
    return { tags: row.tags, sys_tags: [] };
  }

  /** Adds them; a key that is there gets the new value. */
  async add(urn: FunctionUrn, body: Body): Promise<void> {
    const added = readTags(body["tags"]);
    await this.#functions.changeRow(urn, (row) => {
      const kept = row.tags.filter(({ key }) => !added.some((tag) => tag.key === key));
      const tags = [...kept, ...added];
      const max = tagLimits.perFunctionMax;
      if (tags.length > max) throw new FgsError("FSS.0400", `tags: received ${tags.length}, allowed: at most ${max}`);
      return { ...row, tags };
    });
  }

  async remove(urn: FunctionUrn, body: Body): Promise<void> {
    const removed = readTags(body["tags"]);
    await this.#functions.changeRow(urn, (row) => ({
      ...row,
      tags: row.tags.filter(({ key }) => !removed.some((tag) => tag.key === key)),
    }));
  }
}

/** @throws FgsError FSS.0400. */
export function readTags(input: unknown): readonly FgsTag[] {
  if (input === undefined || input === null) return [];
  const { keyCharsMax, perFunctionMax, valueCharsMax } = tagLimits;
  if (!Array.isArray(input) || input.length > perFunctionMax) {
    throw invalid("FSS.0400", "tags", { received: input, allowed: `a list of at most ${perFunctionMax} tags` });
  }
  const tags = input.map((tag: unknown, index): FgsTag => {
    const { key, value = "" } = (typeof tag === "object" && tag !== null ? tag : {}) as Body;
    if (
      typeof key !== "string" ||
      key.trim() !== key ||
      key === "" ||
      key.startsWith("_sys_") ||
      key.length > keyCharsMax
    ) {
      const allowed = `1..${keyCharsMax} characters without blanks around them, not beginning with _sys_`;
      throw invalid("FSS.0400", `tags[${index}].key`, { received: key, allowed });
    }
    if (typeof value !== "string" || value.length > valueCharsMax) {
      throw invalid("FSS.0400", `tags[${index}].value`, {
        received: value,
        allowed: `at most ${valueCharsMax} characters`,
      });
    }
    return { key, value };
  });
  if (new Set(tags.map(({ key }) => key)).size < tags.length)
    throw new FgsError("FSS.0400", "tags: a key is there twice");
  return tags;
}
