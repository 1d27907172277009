'use client';

import { X } from 'lucide-react';
import { useMemo } from 'react';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { useNames } from '../../state/names.ts';
import { type Passage, showThrough } from '../../state/paths/store.ts';
import { edgeKey, exitKey, nodeText } from './lines.ts';

const SHOWN_MAX = 500;

interface Line {
  readonly key: string;
  readonly passage: Passage;
  readonly from: string;
  readonly to: string;
  readonly isDrop: boolean;
  readonly count: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

/** What the graph shows, in words and numbers: drops first, then edges, the slowest first. */
export function EdgeTable({
  analysis,
  selected,
}: {
  readonly analysis: PathsAnalysis;
  readonly selected: ReadonlySet<string> | undefined;
}) {
  const { book, version } = useNames();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const lines = useMemo((): Line[] => {
    const exits = analysis.exits.map((exit): Line => {
      const passage = { kind: 'exit', from: exit.from, reason: exit.reason } as const;
      const to = `dropped: ${book.reasonName(exit.reason)}`;
      const from = nodeText(analysis, exit.from, book);
      return { ...exit, key: exitKey(exit.from, exit.reason), passage, from, to, isDrop: true };
    });
    const edges = analysis.edges.map((edge): Line => {
      const passage = { kind: 'edge', from: edge.from, to: edge.to } as const;
      const [from, to] = [nodeText(analysis, edge.from, book), nodeText(analysis, edge.to, book)];
      return { ...edge, key: edgeKey(edge.from, edge.to), passage, from, to, isDrop: false };
    });
    const isShown = ({ key }: Line) => selected === undefined || selected.has(key);
    return [
      ...exits.filter(isShown).sort((a, b) => b.count - a.count),
      ...edges.filter(isShown).sort((a, b) => b.p50Ns - a.p50Ns),
    ];
  }, [analysis, selected, book, version]);
  return (
    <div
      role="group"
      aria-label="Steps of the graph"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="h-full overflow-auto outline-offset-[-2px]"
    >
      <table className="w-full border-collapse">
        <thead className="sticky top-0 bg-raised text-2xs text-muted">
          <tr className="h-6 border-b border-line text-left">
            <th className="px-2 font-normal">From → to</th>
            <th className="px-2 text-right font-normal">Packets</th>
            <th className="px-2 text-right font-normal">p50</th>
            <th className="px-2 text-right font-normal">p99</th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, SHOWN_MAX).map(({ key, passage, from, to, isDrop, count, p50Ns, p99Ns }) => (
            <tr key={key} className="h-6 hover:bg-hover">
              <td className="max-w-0 px-2">
                <button
                  type="button"
                  title="Show the paths through it"
                  onClick={() => showThrough(passage)}
                  className="flex w-full min-w-0 items-center gap-1.5 text-left focus-visible:outline-offset-[-1px]"
                >
                  <span className="min-w-0 truncate">{from}</span>
                  <span className="shrink-0 text-muted">→</span>
                  <span
                    className={
                      isDrop ? 'inline-flex min-w-0 items-center gap-1 text-dropped' : 'min-w-0 truncate'
                    }
                  >
                    {isDrop && <X size={11} strokeWidth={3} aria-hidden className="shrink-0" />}
                    <span className="truncate">{to}</span>
                  </span>
                </button>
              </td>
              <td className="w-16 px-2 text-right text-soft">{formatCount(count)}</td>
              <td className="w-18 px-2 text-right text-soft">{formatDuration(p50Ns)}</td>
              <td className="w-18 px-2 text-right text-soft">{formatDuration(p99Ns)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > SHOWN_MAX && (
        <p className="p-2 text-muted">
          {formatCount(lines.length - SHOWN_MAX)} more, faster ones are not listed.
        </p>
      )}
    </div>
  );
}
