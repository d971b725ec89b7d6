/**
 * Where control planes on one store say that they are there, and leave each other messages.
 *
 * Knows neither what they say nor who is alive: that is judged by whoever looks. A board may lose what it holds; whoever writes says it again.
 */
export interface ReplicaRow {
  readonly id: string;
  /** Another one with every sign of life. */
  readonly beat: number;
  readonly facts: string;
}

export interface SentMessage {
  readonly id: string;
  /** Id of the replica that it is for. */
  readonly target: string;
  /** Milliseconds since the epoch; their order. */
  readonly sentAt: number;
  readonly body: string;
}

export interface ReplicaBoard {
  /** Inserts or replaces the row; `isNews`: others are woken. */
  beat(row: ReplicaRow, options: { readonly isNews: boolean }): Promise<void>;
  list(): Promise<readonly ReplicaRow[]>;
  /** With the messages for it. */
  forget(id: string): Promise<void>;
  send(messages: readonly SentMessage[]): Promise<void>;
  /** Some of the messages for `target`, oldest first, which are no longer there; none: there are none. */
  take(target: string): Promise<readonly string[]>;
}
