/** Random pieces of HTML, the same in every run: what no author of scenarios thinks of. */

const pieces: readonly string[] =
  `< > / ! -- - = " ' a x ? ] é 😀 <p </p> <p·a=b> <!-- --> --!> <!doctype· </ <br/> <li> </li <div><p> </div> script <script> </script>
<title> </title> <style> </style <svg> </svg> <g/> <foreignObject> <math><mi> <![CDATA[ ]]> · ↵`
    .split(/\s+/)
    .map((piece) => piece.replace("·", " ").replace("↵", "\n"));

/** `count` documents. */
export function* soup(count: number): Generator<string> {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < count; round++) {
    let html = "";
    for (let left = random(14); left >= 0; left--) html += pieces[random(pieces.length)] ?? "";
    yield html;
  }
}
