'use client';

import { Check, ChevronDown, ChevronRight } from 'lucide-react';
import { Checkbox } from 'radix-ui';
import { useMemo } from 'react';
import { formatCount } from '../../../core/model/format.ts';
import { cn } from '../../ui/cn.ts';
import { type MasterColumn, MasterTable } from '../../ui/MasterTable.tsx';
import type { CostTable } from './cost.ts';
import { ProbeMark } from './marks.tsx';
import type { GroupRow, ProbeRow, ProbeSort } from './probes.ts';

const NONE = '–';

interface ProbeTableProps {
  readonly rows: readonly ProbeRow[];
  readonly cost: CostTable | undefined;
  readonly sort: ProbeSort;
  readonly onSort: (sort: ProbeSort) => void;
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOpen: (index: number) => void;
  /** Switches a stage or module; none is switched while this is undefined. */
  readonly onSwitch: ((row: GroupRow) => void) | undefined;
}

/** Every probe in its group, and what it recorded. */
export function ProbeTable({
  rows,
  cost,
  sort,
  onSort,
  selected,
  onSelect,
  onOpen,
  onSwitch,
}: ProbeTableProps) {
  const columns = useMemo((): readonly MasterColumn<ProbeRow, ProbeSort>[] => [
    { label: 'Function', width: 'minmax(10rem,1fr)', sort: 'name', cell: (row) => <Name row={row} onSwitch={onSwitch} /> },
    {
      label: 'By', width: '5rem', title: 'How it is attached',
      cell: (row) => <span className="text-soft">{row.kind === 'group' ? '' : row.by || NONE}</span>,
    },
    {
      label: 'State', width: '6.4rem',
      cell: (row) =>
        row.kind === 'group' ? <span className="text-soft">{formatCount(row.attached)} of {formatCount(row.of)}</span>
        : row.kind === 'program' ? <ProbeMark state={{ is: row.isOn ? 'attached' : 'off' }} />
        : <ProbeMark state={row.state} />,
    },
    {
      label: 'Hops', width: '4.2rem', isEnd: true, sort: 'hops',
      title: 'Recorded in this session, of packets that match the filter; hits of others are not counted',
      cell: (row) => (hasHops(row) ? <Weight row={row}>{formatCount(row.hops)}</Weight> : <Nothing />),
    },
    {
      label: 'Per second', width: '4.6rem', isEnd: true, sort: 'rate', title: 'Hops in the last second',
      cell: (row) =>
        hasHops(row) && row.perSecond !== undefined ? <Weight row={row}>{formatCount(row.perSecond)}</Weight> : <Nothing />,
    },
    ...(cost === undefined ? [] : costColumns(cost)),
  ], [cost, onSwitch]); // biome-ignore format: a table
  return (
    <MasterTable
      label="Probes"
      columns={columns}
      rows={rows}
      keyOf={keyOf}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
      sort={{ by: sort, isDescending: sort !== 'name' }}
      onSort={(by) => onSort(by === sort ? 'order' : by)}
      minWidth={cost === undefined ? '33rem' : '42rem'}
    />
  );
}

const costColumns = ({ programs }: CostTable): readonly MasterColumn<ProbeRow, ProbeSort>[] => {
  const costOf = (row: ProbeRow) => (row.kind === 'program' ? programs.get(row.program) : undefined);
  return [
    {
      label: 'Runs', width: '4.6rem', isEnd: true, title: 'Of a program, since it is measured',
      cell: (row) => {
        const cost = costOf(row);
        return cost === undefined ? <Nothing /> : formatCount(cost.runs);
      },
    },
    {
      label: 'ns a run', width: '4rem', isEnd: true, title: 'Mean; the probes’ own program is in the line above',
      cell: (row) => {
        const cost = costOf(row);
        return cost === undefined || cost.runs === 0 ? <Nothing /> : formatCount(cost.nsPerRun);
      },
    },
  ]; // biome-ignore format: a table
};

const keyOf = ({ key }: ProbeRow): string => key;
const hasHops = (row: ProbeRow): row is Exclude<ProbeRow, { kind: 'program' }> =>
  row.kind === 'group' ? !row.key.startsWith('gends') : row.kind === 'function' && row.state.is !== 'absent';

function Nothing() {
  return <span className="text-muted">{NONE}</span>;
}

function Weight({ row, children }: { readonly row: ProbeRow; readonly children: string }) {
  const isZero = children === '0';
  return (
    <span className={cn(row.kind === 'group' && 'font-medium', isZero && 'text-muted')}>{children}</span>
  );
}

function Name({ row, onSwitch }: { readonly row: ProbeRow } & Pick<ProbeTableProps, 'onSwitch'>) {
  if (row.kind === 'group') {
    const Arrow = row.isFolded ? ChevronRight : ChevronDown;
    return (
      <span className="flex items-center gap-1 font-semibold">
        {row.part !== undefined && <Switch row={row} onSwitch={onSwitch} />}
        <Arrow size={12} aria-label={row.isFolded ? 'folded' : 'open'} className="shrink-0 text-muted" />
        <span className="truncate">{row.name}</span>
      </span>
    );
  }
  const more =
    row.kind === 'program'
      ? row.program
      : [row.module, row.isOther ? 'no skb' : ''].filter(Boolean).join(', ');
  return (
    <span className="pl-4" title={more === '' ? row.name : `${row.name} (${more})`}>
      {row.name} <span className="text-muted">{more}</span>
    </span>
  );
}

function Switch({ row, onSwitch }: { readonly row: GroupRow } & Pick<ProbeTableProps, 'onSwitch'>) {
  return (
    <Checkbox.Root
      aria-label={`Probe ${row.name}`}
      title={`Switch ${row.name} ${row.isOn ? 'off' : 'on'} (x); the session goes on`}
      tabIndex={-1}
      checked={row.isOn}
      aria-disabled={onSwitch === undefined}
      onCheckedChange={() => onSwitch?.(row)}
      onDoubleClick={(event) => event.stopPropagation()}
      className="flex size-[13px] shrink-0 items-center justify-center rounded-sm border border-control-line bg-control data-[state=checked]:border-primary data-[state=checked]:bg-primary data-[state=checked]:text-on-primary"
    >
      <Checkbox.Indicator>
        <Check size={10} strokeWidth={3.2} aria-hidden />
      </Checkbox.Indicator>
    </Checkbox.Root>
  );
}
