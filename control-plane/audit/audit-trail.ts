/**
 * The audited request that is being worked on, for whoever writes its record: the store, in the transaction of its change.
 *
 * Which request that is follows from the asynchronous context that it was started in, so that services need not hand it on. Invariants: a request
 * leaves one record; a change that is undone leaves none of success.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { NewAuditRecord, Store } from "../store.ts";

/** A request while it is worked on. */
export class AuditedCall {
  readonly #makeRecord: () => NewAuditRecord;
  #resource: string | null = null;
  isRecorded = false;

  /** `makeRecord` gives the record of success as of now. */
  constructor(makeRecord: () => NewAuditRecord) {
    this.#makeRecord = makeRecord;
  }

  set resource(resource: string) {
    this.#resource = resource;
  }

  record(): NewAuditRecord {
    return this.about(this.#makeRecord());
  }

  /** `record`, of what the request turned out to be about. */
  about(record: NewAuditRecord): NewAuditRecord {
    return this.#resource === null ? record : { ...record, resource: this.#resource };
  }
}

export class AuditTrail {
  readonly #calls = new AsyncLocalStorage<AuditedCall>();

  /** Everything that `work` starts belongs to `call`. */
  run<T>(call: AuditedCall, work: () => T): T {
    return this.#calls.run(call, work);
  }

  /** Says more exactly what the present request is about; nothing when there is none. */
  name(resource: string): void {
    const call = this.#calls.getStore();
    if (call !== undefined) call.resource = resource;
  }

  /** `store`, whose changes record the request that they are made for. */
  over(store: Store): Store {
    return {
      read: (work) => store.read(work),
      change: async (work) => {
        const call = this.#calls.getStore();
        if (call === undefined || call.isRecorded) return store.change(work);
        const value = await store.change(async (tables) => {
          const made = await work(tables);
          await tables.audit.add(call.record());
          return made;
        });
        call.isRecorded = true;
        return value;
      },
      close: () => store.close(),
    };
  }
}
