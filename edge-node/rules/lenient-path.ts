/**
 * A path as lenient origins read it: some look a file up without the `;parameters` of a segment (so `..;` leads up), others without dots and
 * blanks at its end.
 *
 * For what guards a path only: what needs a signature, or is to be seen by a function before it is asked for, is so in these spellings, too. What is
 * sent, and what an answer is kept under, is never this. Linear in the path's length.
 */

/** From and to the `match` form of a path; the same text when there is nothing to read leniently. */
export function lenientPath(match: string): string {
  if (!match.includes(";") && !/[. ](?:\/|$)/.test(match)) return match;
  const kept: string[] = [];
  for (const segment of match.split("/")) {
    const [name = ""] = segment.split(";", 1);
    const plain = withoutEnd(name);
    if (name === "..") kept.pop();
    else if (plain !== "") kept.push(plain);
  }
  const path = `/${kept.join("/")}`;
  return match.endsWith("/") && path !== "/" ? `${path}/` : path;
}

function withoutEnd(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end--;
  return name.slice(0, end);
}
