/** Snapshot start as clients of FunctionGraph switch it and ask about it (interfaces.md §3.4: `snapshots/{action}`). */
import type { PublishService } from "../publish/publish-service.ts";
import type { Store } from "../store.ts";
import { FgsError, invalid } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import { instancesOf } from "./instance-settings.ts";
import type { FunctionUrn } from "./urn.ts";

export interface FgsSnapshotOptions {
  readonly store: Store;
  readonly functions: FgsFunctionService;
  readonly publishing: Pick<PublishService, "isMakingSnapshot">;
}

/** `code` says why there is none. */
export interface SnapshotState {
  readonly state: "making" | "ready" | "failed" | "off";
  readonly code: string;
}

export class FgsSnapshot {
  readonly #options: FgsSnapshotOptions;

  constructor(options: FgsSnapshotOptions) {
    this.#options = options;
  }

  /** `state`: of the version's snapshot; `enableSnapshot`: whether one is wanted. @throws FgsError FSS.0400, FSS.1051, FSS.1052. */
  async show(urn: FunctionUrn, action: string): Promise<object> {
    if (action === "state") return this.#state(urn);
    if (action !== "enableSnapshot")
      throw invalid("FSS.0400", "action", { received: action, allowed: "state, enableSnapshot" });
    const { row, version } = await this.#options.functions.find(urn);
    const isWanted = version === null ? instancesOf(row).snapshot : version.snapshot.state !== "off";
    return { state: isWanted ? "enable" : "disable", code: "" };
  }

  /** @throws FgsError FSS.0400, FSS.1015 for a version that has a name, ControlError. */
  async change(urn: FunctionUrn, action: string): Promise<object> {
    if (action !== "enable" && action !== "disable") {
      throw invalid("FSS.0400", "action", { received: action, allowed: "enable, disable" });
    }
    await this.#options.functions.setSnapshot(urn, action === "enable");
    return {};
  }

  async #state(urn: FunctionUrn): Promise<SnapshotState> {
    const { functions, publishing, store } = this.#options;
    const { row, version } = await functions.find(urn);
    if (version === null && publishing.isMakingSnapshot(row.function)) return { state: "making", code: "" };
    const shown = version ?? (await store.read((view) => view.versions.latest(row.function)));
    if (shown === null) throw new FgsError("FSS.1052", "the function has no version");
    const { state, reason } = shown.snapshot;
    return { state, code: state === "ready" ? "" : reason };
  }
}
