/** Bounds of code that comes as an archive, from an address, or as a dependency. What it unpacks to: `publishLimits.sourceBytesMax`, `sourceFilesMax`. */

/** One ZIP: a function's code, or one version of a dependency. */
export const archiveLimits = {
  bytesMax: 41_943_040,
  /** Blobs that it is uploaded in. */
  partsMax: 64,
} as const;

/** The control plane fetching an archive. */
export const codeDownloadLimits = {
  urlCharsMax: 2_048,
  /** Each to an address that is judged like the first. */
  redirectsMax: 5,
  /** From the first connection to the last byte. */
  totalMs: 30_000,
  /** Under way at once; one more is refused. */
  atOnceMax: 4,
} as const;

export const dependencyLimits = {
  /** Dependencies of one function; what they unpack to together stays within `publishLimits.sourceBytesMax` and `sourceFilesMax`. */
  perFunctionMax: 20,
  nameCharsMax: 96,
  /** A file's path inside the folder of packages. */
  pathCharsMax: 800,
  /** Names of packages that are kept and shown of one version. */
  packagesShownMax: 100,
  /** Versions that use one, as they are shown and named when it cannot be deleted. */
  usesShownMax: 100,
} as const;
