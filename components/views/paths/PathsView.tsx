'use client';

import { Flag, ListFilter, Pause, Play, X } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import { asNs } from '../../../core/base/units.ts';
import type { LeftOut, PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatClock, formatCount } from '../../../core/model/format.ts';
import { useNames } from '../../state/names.ts';
import { usePanes } from '../../state/panes.ts';
import { endComparison, useComparison } from '../../state/paths/compare.ts';
import {
  isNew, markNow, pausePaths, showThrough, unmark, usePaths,
} from '../../state/paths/store.ts'; // biome-ignore format: a list
import { useSession } from '../../state/session.ts';
import { showInPackets } from '../../state/show.ts';
import { Button } from '../../ui/Button.tsx';
import { Divider } from '../../ui/Divider.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useWide } from '../../ui/useMedia.ts';
import { CompareView } from './compare/CompareView.tsx';
import {
  BY_COUNT,
  goesThrough,
  heldOrder,
  orderLines,
  passageText,
  pathLines,
  type Sorting,
} from './lines.ts';
import { PathGraph } from './PathGraph.tsx';
import { PathTable } from './PathTable.tsx';
import { Samples } from './Samples.tsx';
import { passageTerm } from './term.ts';
import { useAnalysis } from './useAnalysis.ts';
import { usePathsKeys } from './usePathsKeys.ts';

/** All packets folded into distinct paths; or two of them beside each other. */
export function PathsView() {
  useAnalysis();
  const { analysis, failure } = usePaths();
  const { left, right } = useComparison();
  if (left !== undefined && right !== undefined) return <CompareView left={left} right={right} />;
  if (analysis === undefined)
    return failure === undefined ? (
      <div className="flex h-full items-center justify-center text-muted" role="status">
        Folding packets into paths …
      </div>
    ) : (
      <Notice title="There are no paths to show">{failure.message}</Notice>
    );
  return <Whole analysis={analysis} />;
}

function Whole({ analysis }: { readonly analysis: PathsAnalysis }) {
  const { mark, selected, passage } = usePaths();
  const { book, version } = useNames();
  const [sorting, setSorting] = useState<Sorting>(BY_COUNT);
  const isWide = useWide();
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const lines = useMemo(() => {
    const shown = passage && new Set(analysis.paths.filter((path) => goesThrough(analysis, path, passage)));
    return pathLines(analysis, mark, book).filter(({ path }) => shown?.has(path) !== false);
  }, [analysis, mark, passage, book, version]);
  const order = useReadOrder(
    useMemo(() => orderLines(lines, sorting), [lines, sorting]),
    sorting,
    list,
  );
  const ordered = useMemo(() => {
    const byId = new Map(lines.map((line) => [line.path.id, line]));
    return order.flatMap((id) => byId.get(id) ?? []);
  }, [lines, order]);
  const current = ordered.find(({ path }) => path.id === selected);
  usePathsKeys(order, selected);
  const panes = usePanes('paths', isWide ? 'horizontal' : 'vertical', ['paths', 'graph']);

  return (
    <section aria-label="Paths" className="flex h-full min-h-0 flex-col bg-surface">
      <Header analysis={analysis} shown={ordered.length} />
      <Choosing />
      <Group {...panes} className="min-h-0 flex-1">
        <Panel id="paths" minSize="20%" defaultSize={isWide ? '46%' : '50%'}>
          <div ref={list} className="flex h-full min-h-0 flex-col">
            <div className="min-h-0 flex-1">
              <PathTable
                lines={ordered}
                packets={analysis.packets}
                selected={selected}
                sorting={sorting}
                onSort={setSorting}
                isNarrowed={passage !== undefined}
              />
            </div>
            {current !== undefined && <Samples line={current} />}
          </div>
        </Panel>
        <Divider label="Size of the list of paths" />
        <Panel id="graph" minSize="20%" defaultSize={isWide ? '54%' : '50%'}>
          <PathGraph analysis={analysis} selected={selected} passage={passage} />
        </Panel>
      </Group>
    </section>
  );
}

function Header({ analysis, shown }: { readonly analysis: PathsAnalysis; readonly shown: number }) {
  const { mark, isPaused, passage, failure } = usePaths();
  const { book } = useNames();
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const fresh = analysis.paths.filter((path) => isNew(mark, path)).length;
  const leftOut = leftOutText(analysis.leftOut);
  const term = passage && passageTerm(analysis, passage, book);
  return (
    <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-2 py-1">
      <h2 className="text-xs font-semibold">Paths</h2>
      <span className="text-muted" role="status" aria-live="off">
        {passage === undefined
          ? formatCount(analysis.paths.length)
          : `${formatCount(shown)} of ${formatCount(analysis.paths.length)}`}{' '}
        of {formatCount(analysis.packets)} packets
      </span>
      <Button
        look={isPaused ? 'outline' : 'quiet'}
        aria-pressed={isPaused}
        onClick={() => pausePaths(!isPaused)}
      >
        {isPaused ? <Play size={12} aria-hidden /> : <Pause size={12} aria-hidden />}
        {isPaused ? 'Resume' : 'Pause'}
      </Button>
      <Button
        look="quiet"
        title="From now on, paths that were not there yet are marked as new (m)"
        onClick={markNow}
      >
        <Flag size={12} aria-hidden />
        {mark === undefined ? 'Mark now' : 'Mark anew'}
      </Button>
      {mark !== undefined && (
        <Chip onClose={unmark} label="Forget the mark">
          {fresh === 0 ? 'none' : formatCount(fresh)} new since{' '}
          {baseUnixMs === 0 ? 'the mark' : formatClock(asNs(mark.ns), baseUnixMs)}
        </Chip>
      )}
      {passage !== undefined && (
        <Chip onClose={() => showThrough(undefined)} label="Show all paths">
          through {passageText(analysis, passage, book)}
        </Chip>
      )}
      {term !== undefined && (
        <Button
          title={`Lists the packets by the display filter: ${term} (v)`}
          onClick={() => showInPackets(term)}
        >
          <ListFilter size={12} aria-hidden />
          Show in Packets
        </Button>
      )}
      {leftOut !== '' && <span className="text-lost">{leftOut}</span>}
      {failure !== undefined && <span className="text-lost">{failure.message}</span>}
    </header>
  );
}

function Chip({
  label,
  onClose,
  children,
}: {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: React.ReactNode;
}) {
  return (
    <span className="inline-flex h-[22px] min-w-0 items-center gap-1 rounded-md border border-line-strong bg-selected pr-0.5 pl-2">
      <span className="truncate">{children}</span>
      <button
        type="button"
        aria-label={label}
        title={label}
        onClick={onClose}
        className="rounded-sm p-0.5 text-soft hover:bg-hover hover:text-text"
      >
        <X size={12} aria-hidden />
      </button>
    </span>
  );
}

/** What was chosen to be compared, while the other is still to be. */
function Choosing() {
  const { left, right } = useComparison();
  if (left === undefined || right !== undefined) return null;
  return (
    <div
      role="status"
      className="flex shrink-0 items-center gap-3 border-b border-line bg-selected px-2 py-1"
    >
      <span className="min-w-0 text-pretty">
        Compare{' '}
        <b className="font-medium">
          {left.path === 0 ? `packet ${formatCount(left.packet)}` : `path ${left.path}`}
        </b>{' '}
        with another: select a path here, or a packet in Packets, and press <b className="font-medium">C</b>.
      </span>
      <Button look="quiet" className="ml-auto" onClick={endComparison}>
        Cancel
      </Button>
    </div>
  );
}

/** Packets that are in none of the paths, and why. */
function leftOutText({ older, truncated, withoutHops, beyond }: LeftOut): string {
  const parts = [
    older > 0 && `${formatCount(older)} older`,
    truncated > 0 && `${formatCount(truncated)} whose first hops are no longer in memory`,
    withoutHops > 0 && `${formatCount(withoutHops)} without a hop`,
    beyond > 0 && `${formatCount(beyond)} on further paths`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? '' : `Not in it: ${parts.join(', ')}`;
}

/** The order of the table: while the pointer or the focus is in it, nothing moves. */
function useReadOrder(
  now: readonly number[],
  sorting: Sorting,
  list: React.RefObject<HTMLDivElement | null>,
): readonly number[] {
  const held = useRef<{ readonly sorting: Sorting; readonly order: readonly number[] }>({
    sorting,
    order: now,
  });
  return useMemo(() => {
    const element = list.current;
    const isRead = element?.matches(':hover, :focus-within') === true && held.current.sorting === sorting;
    const order = isRead ? heldOrder(held.current.order, now) : now;
    held.current = { sorting, order };
    return order;
  }, [now, sorting, list]);
}
