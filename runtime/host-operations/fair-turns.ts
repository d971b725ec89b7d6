/**
 * Lets a bounded number of operations work at once, fewer of each group, and gives turns to groups in rotation, and within a group to its members:
 * who has a thousand operations waiting is served no sooner than who has one.
 *
 * It does not know what an operation is. Each must end by itself, so waiting does, too. Invariant: after `withdraw` none of a member's begins.
 */
import { HostOperationError } from "./host-operation-error.ts";

export interface TurnLimits {
  readonly runningMax: number;
  readonly runningPerGroupMax: number;
  readonly waitingPerMemberMax: number;
}

/** Who has operations; compared by identity. */
export interface TurnMember {
  readonly group: string;
}

interface Turn {
  readonly begin: () => void;
  readonly refuse: (error: HostOperationError) => void;
}

interface Group {
  running: number;
  /** Of each member that waits; whose turn was longest ago comes first. */
  readonly waiting: Map<TurnMember, Turn[]>;
}

export class FairTurns {
  readonly #limits: TurnLimits;
  /** Those that run or wait something; whose turn was longest ago comes first. */
  readonly #groups = new Map<string, Group>();
  #running = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Operations that have a turn now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Runs `work` when it is one of this member's turns.
   * @throws HostOperationError when too many of its operations wait already, and when it is withdrawn.
   */
  async run<T>(member: TurnMember, work: () => Promise<T>): Promise<T> {
    await this.#enter(member);
    try {
      return await work();
    } finally {
      this.#leave(member.group);
    }
  }

  /** Refuses what waits; what runs keeps its turn until it ends. */
  withdraw(member: TurnMember): void {
    const group = this.#groups.get(member.group);
    const turns = group?.waiting.get(member) ?? [];
    group?.waiting.delete(member);
    this.#forgetIfUnused(member.group);
    for (const turn of turns) turn.refuse(new HostOperationError("OperationError", "The instance is stopping"));
  }

  async #enter(member: TurnMember): Promise<void> {
    const group = this.#groups.get(member.group) ?? { running: 0, waiting: new Map<TurnMember, Turn[]>() };
    this.#groups.set(member.group, group);
    if (this.#running < this.#limits.runningMax && group.running < this.#limits.runningPerGroupMax) {
      this.#begin(member.group, group);
      return;
    }
    const turns = group.waiting.get(member) ?? [];
    const { waitingPerMemberMax } = this.#limits;
    if (turns.length >= waitingPerMemberMax) {
      throw new HostOperationError("OperationError", `More than ${waitingPerMemberMax} operations are waiting`);
    }
    await new Promise<void>((begin, refuse) => {
      turns.push({ begin, refuse });
      group.waiting.set(member, turns);
    });
  }

  #leave(groupName: string): void {
    const group = this.#groups.get(groupName);
    if (group !== undefined) group.running -= 1;
    this.#running -= 1;
    this.#forgetIfUnused(groupName);
    // The turn that was given back may be the only one there is.
    this.#next()?.begin();
  }

  #next(): Turn | undefined {
    for (const [name, group] of this.#groups) {
      const [first] = group.waiting;
      if (first === undefined || group.running >= this.#limits.runningPerGroupMax) continue;
      const [member, turns] = first;
      const turn = turns.shift();
      group.waiting.delete(member);
      if (turns.length > 0) group.waiting.set(member, turns);
      this.#begin(name, group);
      return turn;
    }
    return undefined;
  }

  #begin(name: string, group: Group): void {
    group.running += 1;
    this.#running += 1;
    this.#groups.delete(name);
    this.#groups.set(name, group);
  }

  #forgetIfUnused(name: string): void {
    const group = this.#groups.get(name);
    if (group?.running === 0 && group.waiting.size === 0) this.#groups.delete(name);
  }
}
