/**
 * The few statistics that scenarios report. Pure; knows nothing of units.
 *
 * Invariant: percentiles are values that were measured (nearest rank), never interpolated ones.
 */

/**
 * The nearest-rank percentile.
 * @param percent 0..100; 0 gives the smallest value.
 * @throws RangeError for an empty list, a percent outside the range, or a value that is not a finite number.
 */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent >= 0 && percent <= 100)) {
    throw new RangeError(`Cannot take a percentile: percent must be 0..100: received ${percent}`);
  }
  const sorted = sortedFinite(values);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return at(sorted, rank - 1);
}

/**
 * The middle value, or the mean of the two middle values of an even count.
 * @throws RangeError as `percentile` does.
 */
export function median(values: readonly number[]): number {
  const sorted = sortedFinite(values);
  const upper = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return at(sorted, upper);
  return (at(sorted, upper - 1) + at(sorted, upper)) / 2;
}

/** `value` with at most `digits` significant digits, so that reports do not claim more than was measured. */
export function significant(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

function sortedFinite(values: readonly number[]): readonly number[] {
  if (values.length === 0) throw new RangeError("Cannot summarise an empty list of measurements");
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new RangeError(`Cannot summarise measurements: not a finite number: received ${bad}`);
  return values.toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], index: number): number {
  const value = sorted[index];
  if (value === undefined) throw new RangeError(`Cannot summarise measurements: no value at ${index}`);
  return value;
}
