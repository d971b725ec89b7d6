/**
 * A CPU profile as V8's inspector gives it (Profiler.stop), turned into a tree of frames with their times. Pure.
 *
 * Times of idling are left out: what is shown is what the thread did while it did something.
 */

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  /** Ids of nodes, one for each sample. */
  readonly samples?: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas?: readonly number[];
}

export interface Frame {
  /** `name file:line`. */
  readonly name: string;
  /** Microseconds in this frame and in those it called. */
  readonly totalUs: number;
  readonly selfUs: number;
  /** The longest first. */
  readonly children: readonly Frame[];
}

const notWork = new Set(["(idle)", "(root)"]);

/** The profile's frames; those with the same name under the same caller are one. */
export function framesOf(profile: CpuProfile): Frame {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const selfUs = new Map<number, number>();
  for (const [index, id] of (profile.samples ?? []).entries()) {
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.max(0, profile.timeDeltas?.[index] ?? 0));
  }
  const merge = (name: string, ids: readonly number[]): Frame => {
    const groups = new Map<string, number[]>();
    let own = 0;
    for (const id of ids) {
      const node = byId.get(id);
      if (node === undefined) continue;
      if (!notWork.has(node.callFrame.functionName)) own += selfUs.get(id) ?? 0;
      for (const child of node.children ?? []) {
        const label = labelOf(byId.get(child)?.callFrame);
        const group = groups.get(label);
        if (group === undefined) groups.set(label, [child]);
        else group.push(child);
      }
    }
    const children = [...groups]
      .map(([label, group]) => merge(label, group))
      .filter(({ totalUs }) => totalUs > 0)
      .toSorted((a, b) => b.totalUs - a.totalUs);
    return { name, selfUs: own, totalUs: own + children.reduce((sum, child) => sum + child.totalUs, 0), children };
  };
  const [root] = profile.nodes;
  return merge("all", root === undefined ? [] : [root.id]);
}

export interface SelfTime {
  readonly name: string;
  /** Of the whole, 0..1. */
  readonly share: number;
}

/** The frames that took most time themselves, over all callers. */
export function topFrames(root: Frame, count: number): readonly SelfTime[] {
  const byName = new Map<string, number>();
  const add = (frame: Frame): void => {
    byName.set(frame.name, (byName.get(frame.name) ?? 0) + frame.selfUs);
    for (const child of frame.children) add(child);
  };
  add(root);
  return [...byName]
    .map(([name, selfUs]) => ({ name, share: root.totalUs === 0 ? 0 : selfUs / root.totalUs }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, count);
}

function labelOf(frame: CpuProfile["nodes"][number]["callFrame"] | undefined): string {
  if (frame === undefined) return "(unknown)";
  const name = frame.functionName === "" ? "(anonymous)" : frame.functionName;
  const file = frame.url.slice(frame.url.lastIndexOf("/") + 1);
  return file === "" ? name : `${name} ${file}:${frame.lineNumber + 1}`;
}
