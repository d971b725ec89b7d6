/** Lanes take turns in a lease: each in turn gets an even share of what is to be leased, until nothing is due or there is no room. */
import type { LeaseRoom } from "./call-queue.ts";
import type { WaitingLanes } from "./waiting-lanes.ts";

export interface Turns<T> {
  readonly max: number;
  readonly room: LeaseRoom;
  readonly nowMs: number;
  /** Takes at most `count` of what is due in a lane. */
  readonly take: (lane: string, count: number) => readonly T[];
}

export function leaseInTurn<T>(lanes: WaitingLanes, { max, room, nowMs, take }: Turns<T>): readonly T[] {
  const leased: T[] = [];
  for (let due = lanes.due(nowMs); due.length > 0 && leased.length < max; due = lanes.due(nowMs)) {
    const before = leased.length;
    const share = Math.max(1, Math.floor((max - before) / due.length));
    for (const name of due) {
      const count = Math.min(share, max - leased.length, room.of(name));
      if (count <= 0) continue;
      const taken = take(name, count);
      room.take(name, taken.length);
      leased.push(...taken);
    }
    if (leased.length === before) break;
  }
  return leased;
}
