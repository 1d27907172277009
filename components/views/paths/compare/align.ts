/** Two packets' ways beside each other: which rows belong together, and where they first differ. No DOM. */
import { type ChangeObject, diffArrays } from 'diff';
import { asNetnsInode } from '../../../../core/base/units.ts';
import { decisionName, describeDecision, isRefusal } from '../../../../core/model/decisions.ts';
import { formatCount } from '../../../../core/model/format.ts';
import type { Path } from '../../../../core/model/hop.ts';
import type { NameBook } from '../../../../core/model/names.ts';
import { labelOf } from '../../path/layout.ts';
import { type PathRow, pathRows } from '../../path/rows.ts';

export interface ComparedRow {
  /** `between`: hops of a long path that are not compared. */
  readonly kind: 'hop' | 'drop' | 'decision' | 'between';
  /** Function, `dropped: REASON`, or the decision with its verdict. */
  readonly text: string;
  readonly netns: string;
  readonly device: string;
  readonly isRefusal: boolean;
  readonly depth: number;
  /** Since the row above, ns; undefined for the first. */
  readonly deltaNs: number | undefined;
}

export interface AlignedRow {
  readonly left: ComparedRow | undefined;
  readonly right: ComparedRow | undefined;
  /** The same; in another namespace or on another interface; with another outcome; or none that it belongs to. */
  readonly relation: 'same' | 'elsewhere' | 'otherwise' | 'apart';
}

export interface Alignment {
  readonly rows: readonly AlignedRow[];
  /** Index of the first row that is not the same in substance; -1 when there is none. */
  readonly firstDifference: number;
  readonly differences: readonly number[];
  /** Hops before it. */
  readonly alike: number;
  /** Of one at least only the first and the last hops are here. */
  readonly isPartial: boolean;
  /** They have so little in common that after the first difference none was put beside another. */
  readonly isUnaligned: boolean;
}

/** A path, or the ends of a long one as one path. */
export interface Way {
  readonly path: Path;
  /** Hops that are left out, and before which hop of the path. */
  readonly between?: { readonly hops: number; readonly before: number } | undefined;
}

/** Rows that one has and the other has not, at most: finding them takes as much as their square. */
const DIFFERENT_MAX = 1000;

interface Keyed {
  readonly key: string;
  readonly row: ComparedRow;
}

export function align(left: Way, right: Way, names: NameBook): Alignment {
  const [a, b] = [keyed(left, names), keyed(right, names)];
  const rows: AlignedRow[] = [];
  let [i, j] = [0, 0];
  const changes = diffed(
    a.map(({ key }) => key),
    b.map(({ key }) => key),
  );
  let [gone, come]: [ComparedRow[], ComparedRow[]] = [[], []];
  const flush = () => {
    // what stands in the place of what stands beside it
    for (let at = 0; at < Math.max(gone.length, come.length); at += 1)
      rows.push({ left: gone[at], right: come[at], relation: 'apart' });
    [gone, come] = [[], []];
  };
  for (const { added, removed, value } of changes.list) {
    if (removed) gone.push(...a.slice(i, i + value.length).map(({ row }) => row));
    else if (added) come.push(...b.slice(j, j + value.length).map(({ row }) => row));
    else {
      flush();
      for (let at = 0; at < value.length; at += 1) rows.push(together(a[i + at]?.row, b[j + at]?.row));
    }
    if (!added) i += value.length;
    if (!removed) j += value.length;
  }
  flush();
  const differences = rows.flatMap((row, at) => {
    const before = rows[at - 1];
    return isSubstance(row) && before?.relation !== row.relation ? [at] : [];
  });
  const firstDifference = rows.findIndex(isSubstance);
  const before = firstDifference < 0 ? rows : rows.slice(0, firstDifference);
  const alike = before.filter(({ left: one, right: other }) => one?.kind === 'hop' && other !== undefined);
  return {
    rows,
    firstDifference,
    differences,
    alike: alike.length,
    isPartial: left.between !== undefined || right.between !== undefined,
    isUnaligned: changes.isUnaligned,
  };
}

/** What is taken from one and what from the other; beyond the limit all of both, but for the beginning that they share. */
function diffed(
  a: readonly string[],
  b: readonly string[],
): {
  readonly list: readonly Pick<ChangeObject<string[]>, 'added' | 'removed' | 'value'>[];
  readonly isUnaligned: boolean;
} {
  const list = diffArrays([...a], [...b], { maxEditLength: DIFFERENT_MAX });
  if (list !== undefined) return { list, isUnaligned: false };
  let alike = 0;
  while (alike < a.length && a[alike] === b[alike]) alike += 1;
  const part = (value: string[], added: boolean, removed: boolean) => ({ value, added, removed });
  return {
    list: [
      part(a.slice(0, alike), false, false),
      part(a.slice(alike), false, true),
      part(b.slice(alike), true, false),
    ],
    isUnaligned: true,
  };
}

function together(left: ComparedRow | undefined, right: ComparedRow | undefined): AlignedRow {
  if (left?.text !== right?.text) return { left, right, relation: 'otherwise' };
  const isSame = left?.device === right?.device && left?.netns === right?.netns;
  return { left, right, relation: isSame ? 'same' : 'elsewhere' };
}

/** Another place alone is where two senders differ; it is not what made the difference. */
const isSubstance = ({ relation }: AlignedRow): boolean => relation === 'apart' || relation === 'otherwise';

function keyed({ path, between }: Way, names: NameBook): Keyed[] {
  let netns = path.hops.find((hop) => hop.netns !== 0)?.netns ?? asNetnsInode(0);
  let device = '';
  // two senders are in two namespaces: the first that each was in belong together, then the second …
  const visited: number[] = [netns];
  const ordinal = () => visited.indexOf(netns);
  return pathRows(path).flatMap((row, i) => {
    const isBehind = row.kind === 'hop' && row.hop === between?.before;
    const deltaNs = i === 0 || isBehind ? undefined : row.deltaNs;
    if (row.kind === 'decision') return decisionRow(row, deltaNs, names.netnsName(netns), ordinal(), names);
    const { of: hop } = row;
    if (hop.netns !== 0 && hop.netns !== netns) {
      netns = hop.netns;
      device = '';
      if (!visited.includes(netns)) visited.push(netns);
    }
    device = hop.ifindex === 0 ? device : hop.state.device || names.interfaceName(hop.netns, hop.ifindex);
    const text = labelOf(hop, names);
    const own: Keyed = {
      key: `${hop.kind} ${text} ${ordinal()}`,
      row: {
        kind: hop.kind,
        text: hop.kind === 'drop' ? `dropped: ${text}` : text,
        netns: names.netnsName(netns),
        device,
        isRefusal: hop.kind === 'drop',
        depth: hop.depth,
        deltaNs,
      },
    };
    return isBehind ? [betweenRow(between.hops, row.deltaNs), own] : [own];
  });
}

/** The time of the hops that are left out is its. */
const betweenRow = (hops: number, deltaNs: number): Keyed => ({
  key: 'between',
  row: {
    kind: 'between',
    text: `${formatCount(hops)} hops that are not compared`,
    netns: '',
    device: '',
    isRefusal: false,
    depth: 0,
    deltaNs,
  },
});

/** Decisions of the same kind at the same place belong together, whatever they say. */
function decisionRow(
  { of, depth }: Extract<PathRow, { kind: 'decision' }>,
  deltaNs: number | undefined,
  netns: string,
  ordinal: number,
  names: NameBook,
): Keyed {
  const place = of.rule === undefined ? '' : `${of.rule.table}/${of.rule.chain}`;
  return {
    key: `decision ${decisionName(of.decision)} ${of.pf} ${of.hook} ${place} ${ordinal}`,
    row: {
      kind: 'decision',
      text: describeDecision(of, names),
      netns,
      device: '',
      isRefusal: isRefusal(of),
      depth: depth + 1,
      deltaNs,
    },
  };
}
