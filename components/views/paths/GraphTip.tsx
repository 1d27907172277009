import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { Passage } from '../../state/paths/store.ts';
import { passageText } from './lines.ts';

interface TipProps {
  readonly analysis: PathsAnalysis;
  readonly names: NameBook;
  readonly passage: Passage;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** It is said elsewhere. */
  readonly isHidden: boolean;
}

/** What is under the pointer, or under the cursor of the keys. */
export function GraphTip({ analysis, names, passage, x, y, width, isHidden }: TipProps) {
  const isRight = x > width / 2;
  return (
    <div
      role={isHidden ? undefined : 'status'}
      aria-hidden={isHidden || undefined}
      style={{ top: Math.max(4, y + 14), ...(isRight ? { right: width - x + 10 } : { left: x + 10 }) }}
      className="pointer-events-none absolute z-10 max-w-80 rounded-md border border-line-strong bg-overlay px-2 py-1 shadow-pop"
    >
      <div className={passage.kind === 'exit' ? 'font-medium text-dropped' : 'font-medium'}>
        {passageText(analysis, passage, names)}
      </div>
      <div className="text-soft">{numbersOf(analysis, passage)}</div>
    </div>
  );
}

/** How often packets came by, and how long that took. */
export function numbersOf({ nodes, edges, exits }: PathsAnalysis, passage: Passage): string {
  if (passage.kind === 'node') {
    const node = nodes[passage.node];
    if (node === undefined) return '';
    const parts = [`${formatCount(node.count)} times`];
    if (node.starts > 0) parts.push(`first hop of ${formatCount(node.starts)}`);
    if (node.ends > 0) parts.push(`last hop of ${formatCount(node.ends)}`);
    return parts.join(', ');
  }
  const counted =
    passage.kind === 'edge'
      ? edges.find(({ from, to }) => from === passage.from && to === passage.to)
      : exits.find(({ from, reason }) => from === passage.from && reason === passage.reason);
  if (counted === undefined) return '';
  const { count, p50Ns, p99Ns } = counted;
  return `${formatCount(count)} times, p50 ${formatDuration(p50Ns)}, p99 ${formatDuration(p99Ns)}`;
}
