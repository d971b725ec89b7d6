/** Which function versions have instances in this process, those that start included. */
export class Tenants<Version> {
  readonly #instances = new Map<Version, number>();

  get versions(): number {
    return this.#instances.size;
  }

  add(version: Version): void {
    this.#instances.set(version, (this.#instances.get(version) ?? 0) + 1);
  }

  remove(version: Version): void {
    const left = (this.#instances.get(version) ?? 0) - 1;
    if (left > 0) this.#instances.set(version, left);
    else this.#instances.delete(version);
  }
}
