'use client';

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Failure } from '../../../core/base/result.ts';
import type { Path } from '../../../core/model/hop.ts';
import type { PacketRow } from '../../../core/model/packet.ts';
import { readPath } from '../../../core/model/path.ts';
import { commands } from '../../state/commands.ts';
import { packets } from '../../state/packets/store.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { selectDecision, selectHop, useSelection } from '../../state/selection.ts';
import { requestPath } from '../../state/socket.ts';
import { type PathRow, rowIndexOf } from './rows.ts';

/** While a packet goes on, its path is asked for again at most this often. */
const REFRESH_MS = 400;

/** The packet's row as long as the page has it, and a number that changes with what is known of the packet. */
export function usePacketRow(packet: number): {
  readonly row: PacketRow | undefined;
  readonly stamp: number;
} {
  // only what is known of this packet draws anew
  const stamp = useSyncExternalStore(
    packets.subscribe,
    () => packets.stampOf(packets.indexOf(packet)),
    () => -1,
  );
  return { row: packets.row(packets.indexOf(packet)), stamp };
}

/**
 * The path, asked for again when more is known of the packet: hops, its end, decisions behind that, relatives.
 * @param isShort nothing is asked for of a packet that has very many hops
 */
export function usePath(
  packet: number,
  session: number,
  stamp: number,
  isShort = true,
): {
  readonly path: Path | undefined;
  /** Memory has it no longer, or not all of it. */
  readonly isFromDisk: boolean;
  readonly failure: Failure | undefined;
} {
  const [state, setState] = useState<{
    packet: number;
    path?: Path;
    isFromDisk?: boolean;
    failure?: Failure;
  }>({
    packet,
  });
  const hasPath = state.packet === packet && state.path !== undefined;
  const askedAt = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stamp stands for what is known of the packet
  useEffect(() => {
    if (!isShort) return;
    let isOver = false;
    const ask = async () => {
      askedAt.current = performance.now();
      const result = await requestPath(session, packet);
      if (isOver) return;
      if (result.ok) {
        const { records, isFromDisk } = result.value;
        setState({ packet, path: readPath(new Uint8Array(records), packet), isFromDisk });
      } else
        setState((before) => ({ ...(before.packet === packet && before), packet, failure: result.error }));
    };
    const wait = hasPath ? Math.max(0, askedAt.current + REFRESH_MS - performance.now()) : 0;
    const timer = setTimeout(ask, wait);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [packet, session, stamp, hasPath, isShort]);
  const isOwn = state.packet === packet;
  return {
    path: isOwn ? state.path : undefined,
    isFromDisk: isOwn && state.isFromDisk === true,
    failure: isOwn ? state.failure : undefined,
  };
}

/** Left and right walk the rows of the table: hops, and what was decided at them. Escape closes. */
export function usePathKeys(rows: readonly PathRow[], onClose: () => void): void {
  const step = useCallback(
    (by: number) => {
      const { hop, decision } = useSelection.getState();
      const from = rowIndexOf(rows, hop, decision);
      const row = rows[from < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, from + by))];
      if (row?.kind === 'decision') selectDecision(row.decision, row.hop);
      else if (row !== undefined) selectHop(row.hop);
    },
    [rows],
  );
  useEffect(
    () =>
      commands.register([
        { id: 'path.next', title: 'Next hop or decision', group: 'Path', keys: [{ key: 'ArrowRight' }, { key: 'l' }], run: () => step(1) },
        { id: 'path.previous', title: 'Previous hop or decision', group: 'Path', keys: [{ key: 'ArrowLeft' }, { key: 'h' }], run: () => step(-1) },
        { id: 'path.details', title: 'Details of the hop', group: 'Path', keys: [{ key: 'i' }], run: toggleDetails },
        { id: 'path.close', title: 'Close the path', group: 'Path', keys: [{ key: 'Escape' }], run: onClose },
      ]), // biome-ignore format: a table
    [step, onClose],
  );
}

function toggleDetails(): void {
  prefer({ detailsOpen: !usePreferences.getState().detailsOpen });
}
