/** Types that several files of `node:crypto` share. */
export interface HashOptions {
  readonly outputLength?: number;
}

export type BytesCallback<T> = (error: Error | null, result?: T) => void;
