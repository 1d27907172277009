'use client';

import { ArrowLeft, ArrowRight, Pause, Play, X } from 'lucide-react';
import { useEffect } from 'react';
import { verdictName } from '../../../core/model/format.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { useSelection } from '../../state/selection.ts';
import { showView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { isLongPath, shortPathsOnly } from '../path/long/text.ts';
import { usePacketRow } from '../path/usePath.ts';
import { type MapGraph, nodeName } from './graph.ts';
import type { Journey } from './useJourney.ts';

/** The selected packet's way in words, one place at a time, and what steps along it. */
export function JourneyBar({ journey, graph }: { readonly journey: Journey; readonly graph: MapGraph }) {
  const packet = useSelection((state) => state.packet);
  const { row } = usePacketRow(packet);
  const book = useNames((state) => state.book);
  const { visits, current, isPlaying } = journey;
  const count = visits.length;
  useEffect(
    () =>
      commands.register([
        { id: 'map.next', title: 'Next place of the packet', group: 'Map', keys: [{ key: 'l' }, { key: '.' }], enabled: () => count > 0, run: () => journey.step(1) },
        { id: 'map.previous', title: 'Previous place of the packet', group: 'Map', keys: [{ key: 'h' }, { key: ',' }], enabled: () => count > 0, run: () => journey.step(-1) },
        { id: 'map.play', title: 'Play the packet’s way, or pause', group: 'Map', keys: [{ key: ' ' }], enabled: () => count > 0, run: () => journey.play() },
      ]), // biome-ignore format: a table
    [journey, count],
  );
  if (packet === 0) return null;
  const visit = visits[current];
  const node = visit === undefined ? undefined : graph.nodes.get(visit.key);
  const region = graph.regions.find(({ inode }) => inode === visit?.inode);
  const hops =
    visit === undefined
      ? ''
      : visit.firstHop === visit.lastHop
        ? `hop ${visit.firstHop + 1}`
        : `hops ${visit.firstHop + 1}–${visit.lastHop + 1}`;
  return (
    <section
      aria-label="The packet’s way"
      className="flex h-9 shrink-0 items-center gap-2 overflow-hidden border-b border-line bg-raised px-2 max-sm:h-11"
    >
      <Button
        look="quiet"
        className="font-semibold"
        title="Show its path, hop by hop"
        onClick={() => showView('path')}
      >
        Packet {packet}
      </Button>
      {row !== undefined && (
        <span className="max-sm:hidden">
          <VerdictBadge
            verdict={verdictName(row.verdict)}
            reason={row.reason === 0 ? '' : book.reasonName(row.reason)}
          />
        </span>
      )}
      <Button
        square
        aria-label="Previous place"
        title="Previous place (H)"
        disabled={count === 0}
        onClick={() => journey.step(-1)}
      >
        <ArrowLeft size={13} aria-hidden />
      </Button>
      <Button
        square
        aria-label={isPlaying ? 'Pause' : 'Play its way'}
        title="Play (Space)"
        disabled={count === 0}
        onClick={() => journey.play()}
      >
        {isPlaying ? <Pause size={13} aria-hidden /> : <Play size={13} aria-hidden />}
      </Button>
      <Button
        square
        aria-label="Next place"
        title="Next place (L)"
        disabled={count === 0}
        onClick={() => journey.step(1)}
      >
        <ArrowRight size={13} aria-hidden />
      </Button>
      <span className="min-w-0 truncate" role="status">
        {count === 0
          ? noWay(row?.hops ?? 0)
          : visit === undefined
            ? `${count} places`
            : `${current + 1} of ${count}: ${node === undefined ? (region?.title ?? '') : nodeName(node)}, ${visit.isDrop ? 'dropped here, ' : ''}${hops}`}
      </span>
      <Button
        look="quiet"
        square
        className="ml-auto"
        aria-label="Let go of the packet"
        onClick={journey.close}
      >
        <X size={13} aria-hidden />
      </Button>
    </section>
  );
}

const noWay = (hops: number): string =>
  isLongPath(hops)
    ? shortPathsOnly('Its way is drawn', hops)
    : 'It was at no place of this map, or its path is being read.';
