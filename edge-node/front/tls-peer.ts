/** What a listener keeps of a TLS connection for the requests on it. */
export interface TlsPeer {
  readonly address: string;
  /** Names and patterns of the certificate the connection was made with. */
  readonly domains: readonly string[];
  /** Such as `TLSv1.3`. */
  readonly tls: string | null;
}
