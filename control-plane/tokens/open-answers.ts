/**
 * Answers that go on for long (node streams, log followers, backups), by the token they were asked for with: they end when it is revoked.
 *
 * Revoked here they end at once, revoked at another control plane when it says so. What neither brings (a message that was lost, a revocation between
 * the check of the token and `add`) a look into the store finds: one for all answers, when one begins and every `lookMs`. Invariant: an answer whose
 * token is not in the store ends with the next look that succeeds; while the store cannot be read, answers go on.
 */
import { controlLinkLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { Replicas } from "../replicas/replicas.ts";
import type { Store } from "../store.ts";

export interface OpenAnswersOptions {
  readonly store: Pick<Store, "read">;
  readonly replicas: Replicas;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between looks while there are answers, milliseconds: as often as nodes are sent heartbeats. */
const lookMs = controlLinkLimits.heartbeatMs;

export class OpenAnswers {
  readonly #options: OpenAnswersOptions;
  /** What ends each, by token id. */
  readonly #answers = new Map<string, Set<() => void>>();
  #isLooking = false;
  #looking: Promise<void> = Promise.resolve();
  #lookWanted = false;
  #cancelLook: CancelTimer | null = null;
  #closed = false;

  constructor(options: OpenAnswersOptions) {
    this.#options = options;
    options.replicas.onMessage("token-revoked", ({ tokenId }) => {
      this.#end(tokenId);
    });
  }

  /** `end` is called when the token is gone. What is returned is to be called when the answer is over, for whatever reason. */
  add(tokenId: string, end: () => void): () => void {
    const answers = this.#answers.get(tokenId) ?? new Set();
    const answer = (): void => {
      end();
    };
    answers.add(answer);
    this.#answers.set(tokenId, answers);
    this.#look();
    return () => {
      answers.delete(answer);
      if (answers.size === 0 && this.#answers.get(tokenId) === answers) this.#answers.delete(tokenId);
    };
  }

  /** The token was revoked here: its answers end, those of other control planes too. */
  revoke(tokenId: string): void {
    const { replicas } = this.#options;
    this.#end(tokenId);
    replicas.send([...replicas.others().keys()], { kind: "token-revoked", tokenId });
  }

  /** No more looks; resolves when none is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelLook?.();
    await this.#looking;
  }

  #end(tokenId: string): void {
    const answers = this.#answers.get(tokenId);
    if (answers === undefined) return;
    this.#answers.delete(tokenId);
    this.#options.logger.info({ tokenId, answers: answers.size }, "answers_ended_with_token");
    for (const end of answers) end();
  }

  #schedule(): void {
    this.#cancelLook ??= this.#options.clock.after(lookMs, () => {
      this.#cancelLook = null;
      this.#look();
    });
  }

  /** Those that begin while a look is under way share the next. */
  #look(): void {
    this.#lookWanted = true;
    if (this.#closed || this.#isLooking) return;
    this.#isLooking = true;
    this.#looking = this.#runLooks();
  }

  async #runLooks(): Promise<void> {
    while (this.#lookWanted && !this.#closed && this.#answers.size > 0) {
      this.#lookWanted = false;
      const asked = [...this.#answers.keys()];
      try {
        const present = await this.#options.store.read(({ tokens }) => tokens.existing(asked));
        for (const tokenId of asked) if (!present.has(tokenId)) this.#end(tokenId);
      } catch (error) {
        this.#options.logger.warn({ error, tokens: asked.length }, "open_answers_look_failed");
      }
    }
    // In the same step as the last look at what is wanted, so that no wish is missed.
    this.#isLooking = false;
    if (this.#answers.size > 0 && !this.#closed) this.#schedule();
  }
}
