'use client';

import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { counted } from '../../../core/model/compare/compare.ts';
import type { NamedStep, Side } from '../../../core/model/compare/side.ts';
import type { ComparedWay, ComparedWays, Parting, WaySide } from '../../../core/model/compare/ways.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { SIDE_KEYS, type SideKey } from '../../state/compare.ts';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { Change, CountLink } from './Cells.tsx';
import { pathLink } from './links.ts';
import { PathSteps } from './PathSteps.tsx';
import { type CompareColumn, ComparePanel, CompareTable } from './Table.tsx';
import { hasChanged, partingText, ratioText } from './text.ts';

interface ComparedPathsProps {
  readonly names: Readonly<Record<SideKey, string>>;
  readonly ways: ComparedWays;
  readonly sides: Readonly<Record<SideKey, Side>>;
  /** What makes two paths one. */
  readonly match: ReactNode;
}

/** Paths that only one has, with where they part; and those that both have, by how they changed. */
export function ComparedPaths({ names, ways, sides, match }: ComparedPathsProps) {
  const [open, setOpen] = useState('');
  const countOf = (way: WaySide | undefined, side: SideKey) => counted(way?.count ?? 0, sides[side].folded);
  const columns: readonly CompareColumn<ComparedWay>[] = [
    {
      label: 'Path',
      className: 'w-full',
      cell: (way) => (
        <PathName
          way={way}
          parting={ways.parting(way)}
          isOpen={way.key === open}
          onToggle={() => setOpen(way.key === open ? '' : way.key)}
        />
      ),
    },
    ...SIDE_KEYS.map((side): CompareColumn<ComparedWay> => {
      const letter = side === 'a' ? 'A' : 'B';
      return {
        label: letter,
        title: `Share of the packets on paths in ${letter}, and how many`,
        isEnd: true,
        cell: (way) => (
          <CountLink of={countOf(way[side], side)} href={pathLink(names[side], way[side]?.id ?? 0)} />
        ),
      };
    }),
    {
      label: 'Points',
      title: 'From A to B, in points of a hundred of the packets on paths',
      isEnd: true,
      cell: ({ a, b }) => (
        <Change a={countOf(a, 'a')} b={countOf(b, 'b')} isBad={(b ?? a)?.verdict === 'dropped'} />
      ),
    },
    {
      label: 'p50',
      title: 'Half of the packets took no longer, in A and in B',
      isEnd: true,
      className: 'max-sm:hidden',
      cell: ({ a, b }) => <TimePair a={a?.p50Ns} b={b?.p50Ns} />,
    },
    {
      label: 'p99',
      title: '99 of 100 took no longer, in A and in B',
      isEnd: true,
      className: 'max-md:hidden',
      cell: ({ a, b }) => <TimePair a={a?.p99Ns} b={b?.p99Ns} />,
    },
  ];
  const [onlyA, onlyB] = ['onlyA', 'onlyB'].map((kind) => ways.all.filter((way) => way.kind === kind).length);
  const unchanged = ways.all.filter((way) => !hasChanged(way)).length;
  return (
    <ComparePanel
      title="Paths"
      about={`${formatCount(onlyA ?? 0)} only A has, ${formatCount(onlyB ?? 0)} only B; ${formatCount(unchanged)} have not changed`}
      action={match}
    >
      <CompareTable
        label="Paths"
        columns={columns}
        rows={ways.all}
        keyOf={({ key }) => key}
        empty="Neither has a path."
        below={(way) =>
          way.key === open ? (
            <PathSteps way={way} beside={ways.parting(way)?.other.steps ?? NO_STEPS} />
          ) : undefined
        }
      />
    </ComparePanel>
  );
}

const NO_STEPS: readonly NamedStep[] = [];
const KIND_TEXT: Readonly<Record<ComparedWay['kind'], string>> = {
  onlyA: 'only A',
  onlyB: 'only B',
  both: '',
};

interface PathNameProps {
  readonly way: ComparedWay;
  readonly parting: Parting | undefined;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** How it ends, where it goes, and of one that only one side has where it parts. */
function PathName({ way, parting, isOpen, onToggle }: PathNameProps) {
  const side = way.a ?? way.b;
  if (side === undefined) return null;
  const Icon = isOpen ? ChevronDown : ChevronRight;
  const namespaces = [...new Set(side.steps.map(({ netns }) => netns))];
  return (
    <div className="flex min-w-28 gap-1">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-label={`Steps: ${namespaces.join(' → ')}, ${side.verdict} ${side.reason}`.trim()}
        onClick={onToggle}
        className="flex size-5 shrink-0 items-center justify-center rounded-sm text-soft hover:bg-hover hover:text-text max-sm:size-6"
      >
        <Icon size={13} aria-hidden />
      </button>
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-2">
          {way.kind !== 'both' && (
            <span className="shrink-0 rounded-sm border border-focus px-1 text-2xs leading-4 text-link">
              {KIND_TEXT[way.kind]}
            </span>
          )}
          <VerdictBadge verdict={side.verdict} reason={side.reason} />
          {side.isMixed && <span className="text-muted">mostly</span>}
          <span className="text-soft">{namespaces.join(' → ')}</span>
          <span className="text-muted">{formatCount(side.steps.length)} steps</span>
        </div>
        {parting !== undefined && (
          <div className="text-pretty break-words text-muted">
            {partingText(parting, way.kind === 'onlyA' ? 'B' : 'A')}
          </div>
        )}
      </div>
    </div>
  );
}

/** `1.2 µs → 3.4 µs`, and how many times as long. */
export function TimePair({ a, b }: { readonly a: number | undefined; readonly b: number | undefined }) {
  if (a === undefined || b === undefined) return formatNone(a ?? b);
  const ratio = ratioText(a, b);
  return (
    <>
      {formatDuration(a)} <span className="text-muted">→</span> {formatDuration(b)}
      <span className={ratio.startsWith('×') ? 'ml-1.5 font-medium text-lost' : 'ml-1.5 text-muted'}>
        {ratio}
      </span>
    </>
  );
}

/** What only one of both has. */
const formatNone = (ns: number | undefined) =>
  ns === undefined ? (
    <span className="text-muted">–</span>
  ) : (
    <span className="text-soft">{formatDuration(ns)}</span>
  );
