'use client';

import { useMemo } from 'react';
import { asNetnsInode, asNs } from '../../../core/base/units.ts';
import type { DropGroup, DropSummary } from '../../../core/model/aggregate/drops.ts';
import { formatClock, formatCount } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { DROP_SORTS, type DropSort } from '../../state/drops.ts';
import { type MasterColumn, MasterTable } from '../../ui/MasterTable.tsx';
import { NetnsName } from '../../ui/Netns.tsx';
import { sparkPath } from './chart.ts';
import { KindMark } from './KindMark.tsx';
import type { GroupName } from './text.ts';
import type { GroupKind } from './tones.ts';

const SPARK = { width: 96, height: 14 } as const;
const NAMESPACES_SHOWN = 3;

interface DropTableProps {
  readonly groups: readonly DropGroup[];
  readonly summary: DropSummary;
  readonly heading: string;
  readonly nameOf: (key: string) => GroupName;
  readonly kinds: ReadonlyMap<string, GroupKind>;
  readonly names: NameBook;
  readonly baseUnixMs: number;
  readonly sort: DropSort;
  readonly onSort: (sort: DropSort) => void;
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOpen: (index: number) => void;
}

/** A row for each group: the equivalent of the chart, and more. */
export function DropTable({
  groups,
  summary,
  heading,
  nameOf,
  kinds,
  names,
  baseUnixMs,
  sort,
  onSort,
  selected,
  onSelect,
  onOpen,
}: DropTableProps) {
  const columns = useMemo((): readonly MasterColumn<DropGroup, DropSort>[] => [
    {
      label: 'Kind', width: '4.8rem', sort: 'kind',
      title: 'What the diagnosis says of up to three packets of the group',
      cell: ({ key }) => <KindMark kind={kinds.get(key)} />,
    },
    {
      label: heading, width: 'minmax(9rem,2fr)',
      cell: ({ key }) => {
        const { main, more } = nameOf(key);
        return (
          <span title={more === '' ? main : `${main} in ${more}`}>
            <span className="font-medium">{main}</span> <span className="text-soft">{more}</span>
          </span>
        );
      },
    },
    { label: 'Drops', width: '3.2rem', isEnd: true, sort: 'count', cell: ({ count }) => formatCount(count) },
    {
      label: 'Share', width: '3rem', isEnd: true,
      cell: ({ count }) => <span className="text-soft">{share(count, summary.dropped)}</span>,
    },
    {
      label: 'Over time', width: `${SPARK.width}px`,
      cell: ({ bins }) => (
        <svg {...SPARK} aria-hidden className="block">
          <line x2={SPARK.width} y1={SPARK.height - 0.5} y2={SPARK.height - 0.5} stroke="var(--line)" />
          <path d={sparkPath(bins, SPARK.width, SPARK.height)} className="fill-soft" />
        </svg>
      ),
    },
    {
      label: 'Namespaces', width: 'minmax(4.5rem,1fr)',
      cell: ({ namespaces }) => (
        <span
          className="flex items-center gap-2"
          title={namespaces.map(({ netns, count }) => `${names.netnsName(asNetnsInode(netns))} ${formatCount(count)}`).join(', ')}
        >
          {namespaces.slice(0, NAMESPACES_SHOWN).map(({ netns }) => (
            <NetnsName key={netns} name={names.netnsName(asNetnsInode(netns))} />
          ))}
          {namespaces.length > NAMESPACES_SHOWN && (
            <span className="text-muted">+{namespaces.length - NAMESPACES_SHOWN}</span>
          )}
        </span>
      ),
    },
    {
      label: 'Last seen', width: '4rem', isEnd: true, sort: 'last',
      cell: ({ lastNs }) => <span className="text-soft">{formatClock(asNs(lastNs), baseUnixMs)}</span>,
    },
  ], [heading, nameOf, kinds, names, baseUnixMs, summary]); // biome-ignore format: a table
  return (
    <MasterTable
      label="Dropped packets, grouped"
      columns={columns}
      rows={groups}
      keyOf={keyOf}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
      sort={{ by: sort, isDescending: true }}
      onSort={onSort}
      minWidth="36rem"
    />
  );
}

const keyOf = ({ key }: DropGroup): string => key;

const share = (count: number, of: number): string => {
  const percent = (100 * count) / Math.max(1, of);
  return percent > 0 && percent < 1 ? '<1 %' : `${Math.round(percent)} %`;
};

const RANK: Readonly<Record<string, number>> = { problem: 0, notice: 1, ordinary: 3 };

/** Groups in the order to show; what is not known yet stands between what is worth a look and what is not. */
export function sortGroups(
  groups: readonly DropGroup[],
  sort: DropSort,
  kinds: ReadonlyMap<string, GroupKind>,
): readonly DropGroup[] {
  if (sort === DROP_SORTS[0]) return groups;
  if (sort === 'last') return [...groups].sort((a, b) => b.lastNs - a.lastNs);
  const rank = ({ key }: DropGroup) => RANK[kinds.get(key)?.tone ?? ''] ?? 2;
  return [...groups].sort((a, b) => rank(a) - rank(b) || b.count - a.count);
}
