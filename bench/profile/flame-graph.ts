/**
 * Draws a tree of frames as a flame graph: one SVG file without scripts, names of frames and their shares in tooltips. Pure.
 *
 * Frames below a small share of the whole are left out, so that a file stays small.
 */
import type { Frame } from "./cpu-profile.ts";

export interface FlameGraphOptions {
  readonly title: string;
  /** Frames with a smaller share of the whole are left out, 0..1. Default 0.002. */
  readonly shareMin?: number;
}

const widthPx = 1_200;
const rowPx = 16;
const titlePx = 24;
const charPx = 6.2;

export function flameGraph(root: Frame, { title, shareMin = 0.002 }: FlameGraphOptions): string {
  const boxes = new Array<string>();
  let depthMax = 0;
  const draw = (frame: Frame, { startUs, depth }: { readonly startUs: number; readonly depth: number }): void => {
    const share = frame.totalUs / root.totalUs;
    if (share < shareMin) return;
    depthMax = Math.max(depthMax, depth);
    boxes.push(box(frame, { x: (startUs / root.totalUs) * widthPx, width: share * widthPx, depth, share }));
    let childUs = startUs;
    for (const child of frame.children) {
      draw(child, { startUs: childUs, depth: depth + 1 });
      childUs += child.totalUs;
    }
  };
  if (root.totalUs > 0) draw(root, { startUs: 0, depth: 0 });
  const height = titlePx + (depthMax + 1) * rowPx;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${height}" font-family="monospace" font-size="10">
<text x="4" y="16" font-size="13">${escaped(title)}</text>
${boxes.join("\n")}
</svg>
`;
}

function box(
  { name }: Frame,
  at: { readonly x: number; readonly width: number; readonly depth: number; readonly share: number },
): string {
  const y = titlePx + at.depth * rowPx;
  const x = at.x.toFixed(1);
  const chars = Math.floor((at.width - 4) / charPx);
  const label =
    chars < 3 ? "" : `<text x="${(at.x + 2).toFixed(1)}" y="${y + 11}">${escaped(name.slice(0, chars))}</text>`;
  const tip = `${escaped(name)} ${(at.share * 100).toFixed(1)} %`;
  const size = `width="${Math.max(0.5, at.width - 0.5).toFixed(1)}" height="${rowPx - 1}"`;
  return `<g><title>${tip}</title><rect x="${x}" y="${y}" ${size} fill="${colour(name)}"/>${label}</g>`;
}

/** The same for the same file, so that folders of frames can be told apart. */
function colour(name: string): string {
  const file = name.slice(name.lastIndexOf(" ") + 1).replace(/:\d+$/, "");
  let hash = 0;
  for (const char of file) hash = (hash * 31 + char.charCodeAt(0)) % 360;
  return `hsl(${hash},65%,75%)`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
