/**
 * Matches a path against a glob of `*`, `?` and `**`, as the `sideEffects` field of package.json uses them.
 *
 * Patterns are hostile input: the time is bounded by segments × segments × characters, there is no backtracking over the whole.
 */

/** Whether `path` matches `pattern`. A pattern without a slash matches the file's name in any directory. */
export function matchesGlob(pattern: string, path: string): boolean {
  const rooted = pattern.includes("/") ? pattern.replace(/^\.?\//, "") : `**/${pattern}`;
  const patternSegments = rooted.split("/");
  return matchSegments(patternSegments, path.split("/"));
}

/** `reachable[p]` says whether the pattern's first p segments match the path read so far. */
function matchSegments(pattern: readonly string[], path: readonly string[]): boolean {
  let reachable = closeOver(pattern, [true]);
  for (const segment of path) {
    const next: boolean[] = [];
    for (const [at, wanted] of pattern.entries()) {
      if (reachable[at] !== true) continue;
      if (wanted === "**") next[at] = true;
      else if (matchSegment(wanted, segment)) next[at + 1] = true;
    }
    reachable = closeOver(pattern, next);
  }
  return reachable[pattern.length] === true;
}

/** `**` also matches nothing. */
function closeOver(pattern: readonly string[], reachable: readonly boolean[]): boolean[] {
  const closed = [...reachable];
  for (const [at, wanted] of pattern.entries()) {
    if (closed[at] === true && wanted === "**") closed[at + 1] = true;
  }
  return closed;
}

function matchSegment(pattern: string, text: string): boolean {
  let patternAt = 0;
  let textAt = 0;
  let starAt = -1;
  let starTextAt = 0;
  while (textAt < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === "*") {
      starAt = patternAt;
      starTextAt = textAt;
      patternAt += 1;
    } else if (wanted === "?" || wanted === text[textAt]) {
      patternAt += 1;
      textAt += 1;
    } else if (starAt >= 0) {
      starTextAt += 1;
      textAt = starTextAt;
      patternAt = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") patternAt += 1;
  return patternAt === pattern.length;
}
