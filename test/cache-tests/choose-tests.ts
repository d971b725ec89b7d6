/** Which tests of the suite run: those for shared caches, or some of them with what they depend on. Pure. */
import type { SuiteGroup, SuiteTest } from "./suite.ts";

/** Tests for browsers alone are left out. `ids`: empty means all. */
export function chooseTests(groups: readonly SuiteGroup[], ids: readonly string[]): readonly SuiteGroup[] {
  const byId = new Map(groups.flatMap(({ tests }) => tests).map((test) => [test.id, test]));
  const wanted = ids.length === 0 ? null : closure(byId, ids);
  return groups
    .map((group) => ({
      ...group,
      tests: group.tests.filter(({ id, browser_only: isForBrowsers }) => {
        return isForBrowsers !== true && (wanted === null || wanted.has(id));
      }),
    }))
    .filter(({ tests }) => tests.length > 0);
}

function closure(byId: ReadonlyMap<string, SuiteTest>, ids: readonly string[]): ReadonlySet<string> {
  const wanted = new Set<string>();
  const left = [...ids];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (wanted.has(id)) continue;
    wanted.add(id);
    left.push(...(byId.get(id)?.depends_on ?? []));
  }
  return wanted;
}
