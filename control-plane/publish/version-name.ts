/** The name of a version whose author gives none. Pure. */

/** `vYYYYMMDD-HHMMSS` in UTC, with `-2`, `-3`, … when that is taken. */
export async function defaultVersionName(
  publishedAtMs: number,
  isTaken: (name: string) => Promise<boolean>,
): Promise<string> {
  const digits = new Date(publishedAtMs).toISOString().replaceAll(/[-:]/g, "");
  const name = `v${digits.slice(0, 8)}-${digits.slice(9, 15)}`;
  if (!(await isTaken(name))) return name;
  for (let number = 2; ; number++) {
    const numbered = `${name}-${String(number)}`;
    if (!(await isTaken(numbered))) return numbered;
  }
}
