/** Reads the `// META:` comments of a test file (web-platform-tests.org, "Writing Tests: testharness.js, Multi-global tests"). Pure. */

export interface TestMeta {
  /** Further scripts to run before it, as written: absolute in the checkout or relative to the file. */
  readonly scripts: readonly string[];
  readonly variants: readonly string[];
  readonly isLong: boolean;
}

const line = /^\/\/\s*META:\s*(\w+)=(.*)$/;

/** The META comments at the head of a test's source. */
export function readMeta(source: string): TestMeta {
  const scripts: string[] = [];
  const variants: string[] = [];
  let isLong = false;
  for (const text of source.split(/\r?\n/)) {
    const [, key, value = ""] = line.exec(text) ?? [];
    if (key === "script") scripts.push(value.trim());
    if (key === "variant") variants.push(value.trim());
    if (key === "timeout") isLong = value.trim() === "long";
  }
  return { scripts, variants, isLong };
}
