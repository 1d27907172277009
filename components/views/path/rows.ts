/** The rows of the hop table: every hop, and right after it what was decided there. No DOM, so that it can be tested. */
import type { Decision, Hop, Lineage, Path } from '../../../core/model/hop.ts';
import { hopAtTime, lineageNotes } from '../../../core/model/lineage.ts';
import { slowFrom } from '../../../core/model/slow.ts';

interface Row {
  /** Index of the hop, or of the hop before the decision (-1 without one). */
  readonly hop: number;
  /** ns since the row above; 0 for the first. */
  readonly deltaNs: number;
  /** Far slower than the steps around it. */
  readonly isSlow: boolean;
}

export interface HopRow extends Row {
  readonly kind: 'hop';
  readonly of: Hop;
  /** Clones, segments … that came out of it here, and reallocations of its head. */
  readonly notes: readonly string[];
}

export interface DecisionRow extends Row {
  readonly kind: 'decision';
  readonly of: Decision;
  /** Index in the path's decisions. */
  readonly decision: number;
  /** Calls that enclose the hop before. */
  readonly depth: number;
}

export type PathRow = HopRow | DecisionRow;

export function pathRows(path: Path): PathRow[] {
  const notes = notesByHop(path);
  const rows: PathRow[] = [];
  let next = 0;
  let lastNs = Math.min(
    path.hops[0]?.timeNs ?? Number.POSITIVE_INFINITY,
    path.decisions[0]?.timeNs ?? Number.POSITIVE_INFINITY,
  );
  const since = (timeNs: number) => {
    const deltaNs = Math.max(0, timeNs - lastNs);
    lastNs = timeNs;
    return deltaNs;
  };
  const decisionsAfter = (hop: number) => {
    for (let of = path.decisions[next]; of !== undefined && of.index <= hop; of = path.decisions[next]) {
      const depth = path.hops[hop]?.depth ?? 0;
      rows.push({
        kind: 'decision',
        of,
        decision: next,
        hop,
        depth,
        deltaNs: since(of.timeNs),
        isSlow: false,
      });
      next += 1;
    }
  };
  decisionsAfter(-1);
  path.hops.forEach((of, hop) => {
    rows.push({
      kind: 'hop',
      of,
      hop,
      deltaNs: since(of.timeNs),
      isSlow: false,
      notes: notes.get(hop) ?? [],
    });
    decisionsAfter(hop);
  });
  const slow = slowFrom(rows.slice(1).map(({ deltaNs }) => deltaNs));
  return rows.map((row) => (row.deltaNs >= slow ? { ...row, isSlow: true } : row));
}

/** Hops that belong together, both ends within. */
export interface HopRange {
  readonly from: number;
  readonly to: number;
}

/** Where a hop or a decision is among the rows, -1 when it is not. */
export function rowIndexOf(rows: readonly PathRow[], hop: number, decision: number): number {
  if (decision >= 0) return rows.findIndex((row) => row.kind === 'decision' && row.decision === decision);
  return hop < 0 ? -1 : rows.findIndex((row) => row.kind === 'hop' && row.hop === hop);
}

/** Lineage has a time and no hop: it belongs to the hop that came last before it. */
function notesByHop({ hops, origins, children }: Path): ReadonlyMap<number, readonly string[]> {
  const places = new Map<number, { origins: Lineage[]; children: Lineage[] }>();
  const at = ({ timeNs }: Lineage) => {
    const hop = Math.max(0, hopAtTime(hops, timeNs));
    const place = places.get(hop) ?? { origins: [], children: [] };
    places.set(hop, place);
    return place;
  };
  for (const origin of origins) at(origin).origins.push(origin);
  for (const child of children) at(child).children.push(child);
  return new Map([...places].map(([hop, place]) => [hop, lineageNotes(place.origins, place.children)]));
}
