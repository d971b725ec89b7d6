/**
 * What the control plane tells nodes, and what nodes tell it: the whole of the wire between them.
 *
 * The stream (`GET /v1/nodes/stream?node=NAME&purges=SEQUENCE.ID`) carries one JSON object per line, each a `StreamMessage`. `purges` is the
 * last purge the node took; what it missed since comes before its first state. A state is always whole;
 * a node applies it in one assignment and acknowledges its revision. Secrets travel sealed under a key derived from
 * the node's token (sealed-secret.ts), so that a node's disk never holds them in the clear.
 */
import type { AliasGrey } from "./alias-grey.ts";
import type { CallsMessage } from "./calls.ts";
import type { ExplainMessage } from "./explain.ts";
import type { Digest, SignedManifest } from "./artifact.ts";
import type { DomainConfig } from "./domain.ts";
import type { ErrorCode } from "./error-code.ts";
import type { CalledHook } from "./phase.ts";
import type { PreheatMessage, PurgesMessage } from "./purge.ts";
import type { ReservedPolicy } from "./reserved.ts";
import type { Rule } from "./rule.ts";

export interface VersionState extends SignedManifest {
  readonly version: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Sealed JSON of the secret variables, or null when there are none. */
  readonly sealedSecrets: string | null;
  /** Instances that each node keeps started: the version's own reservation and those of what names it, of which the largest holds. Absent: none. */
  readonly reserved?: readonly ReservedPolicy[];
}

export interface AliasState {
  readonly name: string;
  readonly version: string;
  /** Absent: every request gets `version`. */
  readonly grey?: AliasGrey;
}

export interface FunctionState {
  readonly name: string;
  readonly enabled: boolean;
  /** Only versions that an alias, a rule or `latest` names, or another of them as a service. */
  readonly versions: readonly VersionState[];
  readonly aliases: readonly AliasState[];
  /** The version published last, or null. */
  readonly latest: string | null;
}

export interface DomainState {
  readonly config: DomainConfig;
  readonly rules: readonly Rule[];
}

/** A TLS certificate. Its key is sealed for one node, as secrets are. */
export interface CertificateState {
  readonly name: string;
  /** PEM: the certificate itself first, each one issued by the next. */
  readonly chain: string;
  /** `sealSecrets({ key })` with the key in PEM. */
  readonly sealedKey: string;
}

/** Everything a node needs to route. `revision` grows by one with every change. */
export interface DesiredState {
  readonly format: 1;
  readonly revision: number;
  /** Raw Ed25519 public key (base64url, JWK `x`) that signs manifests; a node pins the first it sees. */
  readonly publicKey: string;
  readonly functions: readonly FunctionState[];
  readonly domains: readonly DomainState[];
  readonly certificates: readonly CertificateState[];
}

/** An invocation sent to one node by `selvage invoke`. */
export interface InvokeMessage {
  readonly kind: "invoke";
  readonly id: string;
  readonly function: string;
  /** A version name, or an alias, or `latest`. */
  readonly qualifier: string;
  readonly phase: CalledHook;
  readonly request: InvokeRequest;
}

export interface InvokeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Base64, or null. At most `messageLimits.bufferedBodyBytesMax`. */
  readonly body: string | null;
}

export type StreamMessage =
  | { readonly kind: "state"; readonly state: DesiredState }
  | { readonly kind: "heartbeat"; readonly revision: number }
  | PurgesMessage
  | PreheatMessage
  | ExplainMessage
  | CallsMessage
  | InvokeMessage;

/** A version that could not be made ready; the node goes on with what it had for it. */
export interface VersionFailure {
  readonly function: string;
  readonly version: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A certificate that the node cannot serve; it goes on with the last one of that name that it could, if it had one. */
export interface CertificateFailure {
  readonly certificate: string;
  readonly code: "CERTIFICATE_REFUSED";
  /** Never holds anything of a key. */
  readonly message: string;
}

export type NodeFailure = VersionFailure | CertificateFailure;

/** `POST /v1/nodes/acks`: a node serves a revision on all of its fronts. */
export interface NodeAck {
  readonly node: string;
  readonly revision: number;
  /** From receiving the state to serving it, milliseconds. */
  readonly applyMs: number;
  /** What of the state the node could not make ready. */
  readonly failures: readonly NodeFailure[];
}

/** `POST /v1/nodes/invocation-results`: at most `invocationLimits.batchMax`. */
export interface InvokeResults {
  readonly results: readonly InvokeResult[];
}

export interface InvokeResult {
  readonly id: string;
  readonly outcome:
    | {
        readonly kind: "response";
        readonly status: number;
        readonly headers: readonly (readonly [string, string])[];
        /** Base64. */
        readonly body: string;
      }
    | { readonly kind: "continue" }
    | {
        readonly kind: "request";
        readonly method: string;
        readonly url: string;
        readonly headers: readonly (readonly [string, string])[];
      }
    | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };
  readonly durationMs: number;
  readonly logs: readonly LogRecord[];
}

/** One line from a function, or one record about an invocation; sent in batches by `POST /v1/nodes/logs`. */
export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly node: string;
  readonly requestId: string;
  readonly function: string;
  readonly version: string;
  readonly phase: CalledHook;
  /** `line`: from console or ctx.logger. `error`: the invocation failed. */
  readonly kind: "line" | "error";
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly code?: ErrorCode;
  /** Mapped to the author's sources. */
  readonly stack?: string;
}

/** `POST /v1/nodes`: sent before the stream is opened. */
export interface NodeRegistration {
  /** `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 63 characters, unique in the fleet. */
  readonly name: string;
  readonly selvageVersion: string;
  readonly nodeVersion: string;
  readonly runtimeKey: string;
  readonly driver: "process" | "in-process";
}

export type BlobUrlPath = `/v1/blobs/${Digest}`;
