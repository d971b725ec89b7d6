/** What a client of FunctionGraph said of a function beyond what the core keeps, and access keys, as the store has them. */
import type { TokenRole } from "../../sdk/api.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { Dependencies } from "../../sdk/dependency.ts";

export interface FgsTag {
  readonly key: string;
  readonly value: string;
}

export interface FgsTestEvent {
  readonly id: string;
  readonly name: string;
  /** Base64. */
  readonly content: string;
  /** Seconds since the epoch. */
  readonly lastModified: number;
}

/** `obs`: it was fetched from an address, which is not kept. */
export type CodeType = "inline" | "zip" | "obs";

/** Kept and shown; nothing is started by it. */
export interface FgsTrigger {
  readonly id: string;
  readonly type: string;
  /** What it is a trigger of: `latest`, a version, or an alias with `!` before it. */
  readonly qualifier: string;
  /** As the client gave it, checked. */
  readonly eventData: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface FgsHandler {
  readonly handler: string;
  readonly timeoutSeconds: number;
}

/** What belongs to a function's instances. */
export interface FgsInstanceSettings {
  /** Null: none is named; an export `restore` is one all the same, and so is `heartbeat`. */
  readonly restore: FgsHandler | null;
  readonly heartbeat: string | null;
  /** Who invokes it may choose an instance's size. */
  readonly dynamicMemory: boolean;
  readonly snapshot: boolean;
}

export interface FgsFunctionRow {
  readonly function: string;
  readonly package: string;
  readonly runtime: string;
  readonly handler: string;
  /** Null: none. */
  readonly initializer: FgsHandler | null;
  /** Rows of earlier releases have none. */
  readonly instances?: FgsInstanceSettings;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly codeType: CodeType;
  readonly codeFilename: string;
  /** A ZIP, also of inline code. */
  readonly codeBlob: Digest;
  readonly codeBytes: number;
  /** SHA-512 of the archive, hex. */
  readonly codeDigest: string;
  /** One instance serves so many at once. */
  readonly concurrency: number;
  /** -1: as many as there is room for; 0: none. */
  readonly instancesMax: number;
  readonly tags: readonly FgsTag[];
  readonly events: readonly FgsTestEvent[];
  readonly triggers: readonly FgsTrigger[];
  /** What `latest` is built with. */
  readonly dependencies: Dependencies;
  /** By alias. */
  readonly aliasDescriptions: Readonly<Record<string, string>>;
  /** Fields that are kept and shown, and mean nothing here. */
  readonly kept: Readonly<Record<string, unknown>>;
  /** Versions made for `latest` so far; their names are no client's concern. */
  readonly drafts: number;
  /** The content that was named last; null: none was. */
  readonly namedContent: string | null;
  readonly modifiedAt: string;
}

export interface FgsFunctionView {
  get(functionName: string): Promise<FgsFunctionRow | null>;
  /** By name. */
  list(): Promise<readonly FgsFunctionRow[]>;
}
export interface FgsFunctionTable extends FgsFunctionView {
  /** Inserts or replaces; the function exists. */
  put(row: FgsFunctionRow): Promise<void>;
}

export interface AccessKeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: Extract<TokenRole, "admin" | "publisher">;
  /** Encrypted under the master key: signatures cannot be checked with less than the key itself. */
  readonly encryptedSecret: string;
  readonly createdAt: string;
}
export interface AccessKeyView {
  /** Oldest first. */
  list(): Promise<readonly AccessKeyRow[]>;
  get(id: string): Promise<AccessKeyRow | null>;
}
export interface AccessKeyTable extends AccessKeyView {
  insert(row: AccessKeyRow): Promise<void>;
  delete(id: string): Promise<void>;
}
