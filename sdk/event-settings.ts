/**
 * What makes a module an event function: which of its exports is the handler and which, if any, prepares an instance
 * (interfaces.md §1.1). Frozen with a version.
 */

export interface EventSettings {
  /** `FILE.EXPORT`: `index.handler`. The file is the entry; the export is called with an event and a context. */
  readonly handler: string;
  /** The same for what runs once in each instance, before its first event; null: nothing does. */
  readonly initializer: string | null;
  /** What runs in each instance that starts from a snapshot, before its first event; null: an export `restore`, where there is one. */
  readonly restore: string | null;
  /** What tells whether an instance is well; null: an export `heartbeat`, where there is one. */
  readonly heartbeat: string | null;
  /** `strict`: a handler declares 2 or 3 parameters and an initializer 2, as on the system being implemented. `any`: whatever it declares. */
  readonly parameters: "strict" | "any";
  /** Sizes of an instance in MiB that who sends an event may choose from, smallest first, each once; empty: all have `limits.memoryMiB`. */
  readonly memorySizesMiB: readonly number[];
}

/** Where nobody said anything but that it is an event function. */
export const defaultEventSettings: EventSettings = {
  handler: "index.handler",
  initializer: null,
  restore: null,
  heartbeat: null,
  parameters: "strict",
  memorySizesMiB: [],
};

/** The export that a handler's text names. */
export function exportOf(handler: string): string {
  return handler.slice(handler.lastIndexOf(".") + 1);
}

/** The file that a handler's text names, without its extension. */
export function fileOf(handler: string): string {
  return handler.slice(0, handler.lastIndexOf("."));
}
