/**
 * A bound on what living objects hold together: each claims units before it is made and gives them back when it was collected.
 *
 * The account errs on the safe side: what nobody holds any more counts until V8 says so. Relies on nothing that user code can replace.
 */
import {
  apply,
  deref,
  OriginalArrayBuffer,
  OriginalRegistry,
  OriginalWeakRef,
  register,
} from "../../web/wasm/originals.ts";
import { bareList } from "./module-bytes.ts";

export interface Claim {
  readonly units: number;
  holder: WeakRef<object> | null;
  /** Position among the claims, or -1 when it was given back. */
  at: number;
}

/** More than any isolate has: asking for it makes V8 collect everything before it says no. */
const impossibleBytes = 2 ** 40;

export class Budget {
  readonly #unitsMax: number;
  readonly #claimsMax: number;
  readonly #claims: Claim[] = bareList<Claim>();
  readonly #collected: FinalizationRegistry<Claim>;
  #count = 0;
  #units = 0;

  constructor({ unitsMax, claimsMax }: { readonly unitsMax: number; readonly claimsMax: number }) {
    this.#unitsMax = unitsMax;
    this.#claimsMax = claimsMax;
    this.#collected = new OriginalRegistry((claim: Claim) => {
      this.#release(claim);
    });
  }

  /** Claims that were not given back. */
  get count(): number {
    return this.#count;
  }

  /** Units that nobody claimed; 0 when there are as many claims as may be. */
  get left(): number {
    return this.#count >= this.#claimsMax ? 0 : this.#unitsMax - this.#units;
  }

  /** Whether one more claim, of `units`, has room. */
  hasRoom(units: number): boolean {
    return this.#count < this.#claimsMax && units <= this.#unitsMax - this.#units;
  }

  /** Claims `units`, which must have room, for what `make` makes; what it throws gives them back. */
  claim(units: number, make: () => object): object {
    const claim: Claim = { units, holder: null, at: this.#count };
    this.#claims[this.#count] = claim;
    this.#count += 1;
    this.#units += units;
    try {
      const holder = make();
      claim.holder = new OriginalWeakRef(holder);
      apply(register, this.#collected, [holder, claim]);
      return holder;
    } catch (error) {
      this.#release(claim);
      throw error;
    }
  }

  /** Finds what nobody holds any more; what was made in the running job counts as held. */
  collect(): void {
    try {
      // eslint-disable-next-line no-new -- for its effect
      new OriginalArrayBuffer(impossibleBytes);
    } catch {
      // As expected.
    }
    for (let at = this.#count - 1; at >= 0; at -= 1) {
      const claim = this.#claims[at];
      const holder = claim?.holder ?? null;
      if (claim === undefined || holder === null) continue;
      if (apply(deref, holder, []) === undefined) this.#release(claim);
    }
  }

  #release(claim: Claim): void {
    if (claim.at < 0) return;
    this.#count -= 1;
    this.#units -= claim.units;
    const last = this.#claims[this.#count];
    if (last !== undefined) {
      this.#claims[claim.at] = last;
      last.at = claim.at;
    }
    this.#claims.length = this.#count;
    claim.at = -1;
  }
}
