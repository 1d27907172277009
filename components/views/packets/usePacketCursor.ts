'use client';

import { useCallback } from 'react';
import { VERDICT } from '../../../core/model/packet.ts';
import { rowVerdict } from '../../../core/wire/rows.ts';
import { packets } from '../../state/packets/store.ts';
import { selectPacket, useSelection } from '../../state/selection.ts';
import type { Lines } from './lines.ts';
import type { HeldPosition } from './useHeldPosition.ts';
import type { ListActions } from './usePacketCommands.ts';

/** How the selection moves through the list: line by line past headings, to either end, and from drop to drop. */
export function usePacketCursor(
  lines: Lines,
  { show, reading }: HeldPosition,
  say: (text: string) => void,
): Pick<ListActions, 'step' | 'goFirst' | 'goLast' | 'toDrop'> {
  const selected = useSelection((state) => state.packet);
  const position = lines.find(packets.indexOf(selected));
  const { count } = lines;

  /** Selects the row at this place, or the next one in the direction when it is a heading. */
  const go = useCallback(
    (to: number, by: 1 | -1) => {
      let next = Math.max(0, Math.min(count - 1, to));
      while (lines.at(next) < 0 && next + by >= 0 && next + by < count) next += by;
      const row = packets.row(lines.at(next));
      if (row === undefined) return;
      selectPacket(row.packet);
      show(next);
    },
    [count, lines, show],
  );
  const step = useCallback(
    (by: number) => {
      if (count > 0) go(position < 0 ? reading() : position + by, by > 0 ? 1 : -1);
    },
    [go, reading, position, count],
  );
  const toDrop = useCallback(
    (by: 1 | -1) => {
      const first = by > 0 ? 0 : count - 1;
      for (let at = position < 0 ? first : position + by; at >= 0 && at < count; at += by)
        if (isDrop(lines.at(at))) return go(at, by);
      say(by > 0 ? 'No drop after this' : 'No drop before this');
    },
    [position, count, lines, go, say],
  );
  const goFirst = useCallback(() => go(0, 1), [go]);
  const goLast = useCallback(() => go(count - 1, -1), [go, count]);
  return { step, goFirst, goLast, toDrop };
}

/** Of a packet by its index in the store; headings are none. */
const isDrop = (index: number): boolean =>
  index >= 0 && index < packets.size && rowVerdict(packets.view, packets.offsetOf(index)) === VERDICT.dropped;
