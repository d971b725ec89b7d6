/** Aliases: created and moved in one revision, taken back, deleted. */
import type { AliasGrey } from "../../sdk/alias-grey.ts";
import { parseAliasGrey } from "../../sdk/alias-grey-parser.ts";
import type { AliasChange, AliasInput, RollbackInput } from "../../sdk/api.ts";
import { timestamp, type Clock } from "../clock.ts";
import { conflict, requireValid } from "../control-error.ts";
import { Unchanged, waitSecondsDefault, type RevisionService } from "../rollout/revision-service.ts";
import type { AliasRow, StoreTables } from "../store.ts";
import { moveAlias } from "./alias-move.ts";
import { removeAlias, type AliasName } from "./remove-alias.ts";
import { requireAlias, requireVersion } from "./require-row.ts";
import { toAliasResource } from "./resources.ts";

export interface AliasServiceOptions {
  readonly revisions: RevisionService;
  readonly clock: Clock;
}

export class AliasService {
  readonly #options: AliasServiceOptions;

  constructor(options: AliasServiceOptions) {
    this.#options = options;
  }

  /** Creates or moves it; `before` runs first in the same transaction. @throws ControlError INPUT_INVALID, NOT_FOUND, CONFLICT, LIMIT_REACHED. */
  move(
    { functionName, alias }: AliasName,
    { version, grey: input, waitSeconds }: AliasInput,
    { before }: { readonly before?: (tables: StoreTables) => Promise<void> } = {},
  ): Promise<AliasChange> {
    const grey = requireValid(parseAliasGrey(input));
    return this.#change(waitSeconds, async (tables) => {
      await before?.(tables);
      return this.#moveIn(tables, { functionName, alias, version, grey });
    });
  }

  /** To `version`; else without its grey version; else to the newest of `previous`. @throws ControlError NOT_FOUND, CONFLICT. */
  rollback({ functionName, alias }: AliasName, { version, waitSeconds }: RollbackInput): Promise<AliasChange> {
    return this.#change(waitSeconds, async (tables) => {
      const row = await requireAlias(tables, { functionName, alias });
      const target = version ?? (row.grey === null ? row.previous[0] : row.version);
      if (target === undefined) throw conflict(`Alias "${alias}" has named no other version yet.`);
      return this.#moveIn(tables, { functionName, alias, version: target, grey: null });
    });
  }

  /** @throws ControlError NOT_FOUND, CONFLICT while a rule names it. */
  async delete({ functionName, alias }: AliasName): Promise<void> {
    await this.#options.revisions.change((tables) => removeAlias(tables, { functionName, alias }));
  }

  async #moveIn(
    tables: StoreTables,
    { functionName, alias, version, grey }: AliasName & { readonly version: string; readonly grey: AliasGrey | null },
  ): Promise<AliasRow | Unchanged<AliasRow>> {
    const to = await requireVersion(tables, { functionName, version });
    const { row, moved } = await moveAlias(tables, { alias, to, grey, movedAt: timestamp(this.#options.clock) });
    return moved ? row : new Unchanged(row);
  }

  async #change(
    waitSeconds: number | undefined,
    work: (tables: StoreTables) => Promise<AliasRow | Unchanged<AliasRow>>,
  ): Promise<AliasChange> {
    const { revisions } = this.#options;
    const { value, revision } = await revisions.change(work);
    const rollout = await revisions.waitFor(revision, waitSeconds ?? waitSecondsDefault);
    return { alias: toAliasResource(value), revision, rollout };
  }
}
