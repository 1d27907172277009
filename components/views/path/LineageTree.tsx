'use client';

import { useMemo } from 'react';
import { formatCount, verdictName } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { lineageTree, type TreeLine } from '../../../core/model/lineage-tree.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { selectPacket } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { rowCells } from '../packets/text.ts';
import { family } from './family.ts';

/** The branches that a packet is on: what it came out of, what came out of these, and how each of them ended. */
export function LineageTree({ path }: { readonly path: Path }) {
  const lines = useMemo(() => lineageTree(path, family), [path]);
  return (
    <ul
      aria-label="Tree of relatives"
      className="max-h-40 shrink-0 overflow-y-auto border-b border-line py-0.5 pl-2"
    >
      {lines.map((line) => (
        <li
          key={line.kind === 'packet' ? line.packet : `more ${line.rails.join()} ${line.count}`}
          className="flex h-[22px] items-stretch max-sm:h-9"
        >
          <Rails rails={line.rails} />
          {line.kind === 'packet' ? (
            <TreePacket line={line} />
          ) : (
            <span className="self-center pl-1 text-muted">and {formatCount(line.count)} more</span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The branches that go on past a line, and the one that it hangs on. */
function Rails({ rails }: { readonly rails: readonly boolean[] }) {
  return rails.map((goesOn, i) => {
    const isOwn = i === rails.length - 1;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a generation is its place
      <span key={i} aria-hidden className="relative w-4 shrink-0">
        {(goesOn || isOwn) && (
          <span
            className={cn(
              'absolute top-0 left-1.5 border-l border-line-strong',
              goesOn ? 'bottom-0' : 'h-1/2',
            )}
          />
        )}
        {isOwn && <span className="absolute top-1/2 right-0 left-1.5 border-t border-line-strong" />}
      </span>
    );
  });
}

function TreePacket({ line }: { readonly line: Extract<TreeLine, { kind: 'packet' }> }) {
  const { book } = useNames();
  const row = packets.row(packets.indexOf(line.packet));
  const cells = row === undefined ? undefined : rowCells(row, book);
  const { isCurrent, packet, words } = line;
  return (
    <button
      type="button"
      aria-current={isCurrent ? 'true' : undefined}
      title={isCurrent ? 'This packet' : 'Show this packet’s path'}
      onClick={() => {
        if (!isCurrent) selectPacket(packet);
      }}
      className={cn(
        'flex min-w-0 flex-1 items-center gap-2 rounded-sm px-1 text-left text-xs whitespace-nowrap outline-offset-[-2px]',
        isCurrent ? 'bg-selected' : 'hover:bg-hover',
      )}
    >
      {words !== '' && (
        <span className="shrink-0 text-muted">{words.replace(/ (from|of|by|as|into)$/, '')}</span>
      )}
      <span className={cn('shrink-0', isCurrent ? 'font-semibold' : 'text-link')}>#{packet}</span>
      {row === undefined || cells === undefined ? (
        <span className="truncate text-muted">no longer on this page</span>
      ) : (
        <>
          <span className="shrink-0">
            <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
          </span>
          <span className="truncate text-muted">
            {book.netnsName(row.lastNetns)}, {cells.protocol} {cells.detail}
          </span>
        </>
      )}
    </button>
  );
}
