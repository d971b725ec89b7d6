/** Isolate hosts whose link has ended while it is not known yet how their process did: for a moment they are lost and not judged. */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { IsolateHost } from "./isolate-host.ts";

/** From the end of a process's link to its own, at most. */
const lostMsMax = 250;

interface Unjudged {
  readonly running: readonly string[];
  readonly judged: PromiseWithResolvers<undefined>;
  readonly cancel: () => void;
}

export class UnjudgedHosts {
  readonly #environment: Pick<RuntimeEnvironment, "startTimer">;
  readonly #hosts = new Map<IsolateHost, Unjudged>();

  constructor(environment: Pick<RuntimeEnvironment, "startTimer">) {
    this.#environment = environment;
  }

  /** `running`: keys at that moment. `onSilence`: the process's own end does not come. */
  add(host: IsolateHost, running: readonly string[], onSilence: () => void): void {
    const cancel = this.#environment.startTimer(lostMsMax, onSilence);
    this.#hosts.set(host, { running, judged: Promise.withResolvers<undefined>(), cancel });
  }

  /** What ran in a host that is here. */
  running(host: IsolateHost): readonly string[] | undefined {
    return this.#hosts.get(host)?.running;
  }

  /** It is being judged. Harmless for one that is not here. */
  judge(host: IsolateHost): void {
    const unjudged = this.#hosts.get(host);
    this.#hosts.delete(host);
    unjudged?.cancel();
    unjudged?.judged.resolve(undefined);
  }

  /** Resolves when all that are here now have been judged. */
  async judged(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map(({ judged }) => judged.promise));
  }
}
