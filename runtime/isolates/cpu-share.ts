/**
 * Shares the process's CPU time of an interval out among the isolates that say they used some of it.
 *
 * While an entry runs, isolated-vm counts the time its thread was preempted too, so on a busy machine the isolates' claims add up to more
 * than there was. Small claims are met in full, the rest is shared evenly among the large ones. Pure.
 */

/** Charges what isolates claim to have used, within what the process used. */
export function chargeShares(
  busy: readonly { readonly claimCpu: () => number; readonly chargeCpu: (ms: number) => void }[],
  usedMs: number,
): void {
  const granted = shareCpu(
    busy.map((instance) => instance.claimCpu()),
    usedMs,
  );
  for (const [index, instance] of busy.entries()) instance.chargeCpu(granted[index] ?? 0);
}

/** What each claim is granted, in the order of `claimsMs`. Never more than claimed, and together never more than `availableMs`. */
export function shareCpu(claimsMs: readonly number[], availableMs: number): readonly number[] {
  const granted = claimsMs.map(() => 0);
  const order = claimsMs.map((_claim, index) => index).sort((a, b) => (claimsMs[a] ?? 0) - (claimsMs[b] ?? 0));
  let left = Math.max(0, availableMs);
  for (const [position, index] of order.entries()) {
    const claim = Math.max(0, claimsMs[index] ?? 0);
    const grant = Math.min(claim, left / (order.length - position));
    granted[index] = grant;
    left -= grant;
  }
  return granted;
}
