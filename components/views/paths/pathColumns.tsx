import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatClock, formatCount, formatDuration } from '../../../core/model/format.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import type { PathLine, SortKey } from './lines.ts';

/** Widths of the columns: few where there is little room, then all but times, then all. */
export const GRID =
  'grid items-center gap-x-2 px-2 grid-cols-[1.6rem_3.2rem_minmax(0,1.15fr)_minmax(0,1.2fr)_3.9rem] ' +
  '@lg:grid-cols-[1.6rem_3.2rem_minmax(0,1.15fr)_minmax(0,1.3fr)_2.4rem_3.9rem] ' +
  '@2xl:grid-cols-[2rem_3.2rem_3rem_minmax(0,1.1fr)_minmax(0,1.2fr)_2.6rem_4rem_4rem_4rem]';
const FROM_LG = 'hidden @lg:block';
const FROM_2XL = 'hidden @2xl:block';

/** What the cells of a line are written with, besides the line. */
export interface PathFacts {
  /** Of all packets folded. */
  readonly packets: number;
  /** 0 while it is not known what the kernel's clock stands for. */
  readonly baseUnixMs: number;
}

export interface PathColumn {
  readonly label: string;
  readonly title: string;
  readonly sort?: SortKey;
  readonly isEnd?: boolean;
  /** Where it is shown: undefined, everywhere. */
  readonly shown?: string;
  /** Of its cells. */
  readonly look: string;
  readonly hint?: (line: PathLine) => string;
  readonly cell: (line: PathLine, facts: PathFacts) => ReactNode;
}

export const COLUMNS: readonly PathColumn[] = [
  {
    label: '#',
    title: 'In the order in which the session met them; path == … filters by it',
    sort: 'number',
    isEnd: true,
    look: 'text-muted',
    cell: ({ number }) => number || '–',
  },
  {
    label: 'Packets',
    title: 'Packets that went this way',
    sort: 'count',
    isEnd: true,
    look: 'font-medium',
    cell: ({ path }) => formatCount(path.count),
  },
  {
    label: 'Share',
    title: 'Of all packets folded',
    isEnd: true,
    shown: FROM_2XL,
    look: 'text-soft',
    cell: ({ path }, { packets }) => shareText(path.count, packets),
  },
  {
    label: 'Verdict',
    title: 'How most of its packets ended',
    sort: 'verdict',
    look: 'flex items-center gap-1.5',
    hint: ({ isMixed, reason }) => (isMixed ? 'Most of its packets; others ended otherwise' : reason),
    cell: (line) => <Ending line={line} />,
  },
  {
    label: 'Namespaces',
    title: 'In the order of first visit',
    look: 'flex items-center gap-1',
    hint: ({ namespaces }) => namespaces.join(' → '),
    cell: ({ namespaces }) => <Visited namespaces={namespaces} />,
  },
  {
    label: 'Steps',
    title: 'Functions that they went through',
    sort: 'steps',
    isEnd: true,
    shown: FROM_LG,
    look: 'text-soft',
    cell: ({ path }) => path.steps.length,
  },
  {
    label: 'p50',
    title: 'Half of its packets took no longer from first hop to last',
    sort: 'p50',
    isEnd: true,
    look: 'text-soft',
    cell: ({ path }) => formatDuration(path.p50Ns),
  },
  {
    label: 'p99',
    title: '99 of 100 took no longer',
    sort: 'p99',
    isEnd: true,
    shown: FROM_2XL,
    look: 'text-soft',
    cell: ({ path }) => formatDuration(path.p99Ns),
  },
  {
    label: 'Last seen',
    title: 'When its newest packet began',
    sort: 'last',
    isEnd: true,
    shown: FROM_2XL,
    look: 'text-soft',
    cell: ({ path }, { baseUnixMs }) => (baseUnixMs === 0 ? '' : formatClock(asNs(path.lastNs), baseUnixMs)),
  },
];

function Ending({ line: { isNew, verdict, reason, isMixed } }: { readonly line: PathLine }) {
  return (
    <>
      {isNew && (
        <span className="shrink-0 rounded-sm border border-focus px-1 text-2xs leading-4 text-link">new</span>
      )}
      <VerdictBadge verdict={verdict} reason={reason} />
      {isMixed && <span className="shrink-0 text-muted">mostly</span>}
    </>
  );
}

function Visited({ namespaces }: { readonly namespaces: readonly string[] }) {
  return namespaces.map((name, i) => (
    <span key={name} className="inline-flex min-w-0 items-center gap-0.5">
      {i > 0 && <ArrowRight size={9} aria-label="to" className="shrink-0 text-muted" />}
      <NetnsName name={name} />
    </span>
  ));
}

function shareText(count: number, packets: number): string {
  const percent = packets === 0 ? 0 : (100 * count) / packets;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}
