'use client';

import { GitCompareArrows, ListFilter } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { pathsTerm } from '../../../core/model/display/place-terms.ts';
import { formatCount, formatTime, verdictName } from '../../../core/model/format.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { chooseCompared, useComparison } from '../../state/paths/compare.ts';
import { selectPacket } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { showInPackets } from '../../state/show.ts';
import { showView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { VerdictIcon } from '../../ui/Verdict.tsx';
import { PacketWords } from '../packets/PacketWords.tsx';
import { rowCells } from '../packets/text.ts';
import type { PathLine } from './lines.ts';

export const SAMPLES_ID = 'path-samples';

/** The newest packets of the selected path; a click leads to one's own path. */
export function Samples({ line }: { readonly line: PathLine }) {
  const { left, right } = useComparison();
  const isSecond = left !== undefined && right === undefined && left.path !== line.number;
  const [sample = 0] = line.path.samples;
  const term = pathsTerm([line.number]);
  return (
    <section
      id={SAMPLES_ID}
      aria-label={`Packets of path ${line.number}`}
      className="flex max-h-[45%] shrink-0 flex-col border-t border-line-strong bg-raised"
    >
      <header className="flex h-8 shrink-0 items-center gap-2 px-2">
        <h3 className="font-semibold">Path {line.number}</h3>
        <span className="truncate text-muted">
          its {line.path.samples.length === 1 ? 'packet' : `${line.path.samples.length} newest packets`}
        </span>
        {term !== undefined && (
          <Button
            look="outline"
            className="ml-auto"
            title={`Lists its packets by the display filter: ${term} (v)`}
            onClick={() => showInPackets(term)}
          >
            <ListFilter size={12} aria-hidden />
            Show in Packets
          </Button>
        )}
        <Button
          look="outline"
          className={term === undefined ? 'ml-auto' : ''}
          title="Compare hop by hop (c)"
          onClick={() => chooseCompared({ packet: sample, path: line.number })}
        >
          <GitCompareArrows size={12} aria-hidden />
          {isSecond
            ? `Compare with ${left.path === 0 ? `packet ${left.packet}` : `path ${left.path}`}`
            : 'Compare with …'}
        </Button>
      </header>
      <ul className="min-h-0 overflow-y-auto pb-1">
        {line.path.samples.map((packet) => (
          <li key={packet}>
            <Sample packet={packet} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sample({ packet }: { readonly packet: number }) {
  useSyncExternalStore(packets.subscribe, packets.version, () => 0);
  const { book } = useNames();
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const row = packets.row(packets.indexOf(packet));
  const cells = row && rowCells(row, book);
  return (
    <button
      type="button"
      title="Show this packet’s path"
      onClick={() => {
        selectPacket(packet);
        showView('path');
      }}
      className="flex h-6 w-full items-center gap-2 px-2 text-left hover:bg-hover focus-visible:outline-offset-[-2px]"
    >
      <span className="w-14 shrink-0 text-link">#{formatCount(packet)}</span>
      {row === undefined || cells === undefined ? (
        <span className="truncate text-muted">not in the list of packets any more</span>
      ) : (
        <>
          <VerdictIcon verdict={verdictName(row.verdict)} />
          <span className="shrink-0 text-soft">{formatTime(row.firstNs, baseUnixMs)}</span>
          <PacketWords cells={cells} />
        </>
      )}
    </button>
  );
}
