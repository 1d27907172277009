'use client';

import { useEffect } from 'react';
import { commands } from '../../state/commands.ts';
import type { CopyAs } from './copy.ts';

export interface ListActions {
  step(by: number): void;
  /** The first, or the newest: the list follows it from then on. */
  goFirst(): void;
  goLast(): void;
  toDrop(by: 1 | -1): void;
  togglePause(): void;
  openMenu(): void;
  copy(as: CopyAs): void;
  collapseAll(isCollapsed: boolean): void;
  readonly isGrouped: boolean;
}

/** The list's keys, while it is on screen. */
export function usePacketCommands(actions: ListActions): void {
  const { step, goFirst, goLast, toDrop, togglePause, openMenu, copy, collapseAll, isGrouped } = actions;
  useEffect(
    () =>
      commands.register([
        { id: 'packets.next', title: 'Next packet', group: 'Packets', keys: [{ key: 'j' }, { key: 'ArrowDown' }], run: () => step(1) },
        { id: 'packets.previous', title: 'Previous packet', group: 'Packets', keys: [{ key: 'k' }, { key: 'ArrowUp' }], run: () => step(-1) },
        { id: 'packets.first', title: 'First packet', group: 'Packets', keys: [{ key: 'Home' }], run: goFirst },
        { id: 'packets.last', title: 'Newest packet, and follow', group: 'Packets', keys: [{ key: 'End' }], run: goLast },
        { id: 'packets.nextDrop', title: 'Next dropped packet', group: 'Packets', keys: [{ key: 'n', shift: false }], run: () => toDrop(1) },
        { id: 'packets.previousDrop', title: 'Dropped packet before', group: 'Packets', keys: [{ key: 'n', shift: true }], run: () => toDrop(-1) },
        { id: 'packets.pause', title: 'Pause or resume the list', group: 'Packets', keys: [{ key: ' ' }, { key: 'p' }], run: togglePause },
        { id: 'packets.menu', title: 'What to do with the selected packet', group: 'Packets', keys: [{ key: 'm' }, { key: 'ContextMenu' }, { key: 'F10', shift: true }], run: openMenu },
        { id: 'packets.copyText', title: 'Copy the packet as text', group: 'Packets', keys: [], run: () => copy('text') },
        { id: 'packets.copyFilter', title: 'Copy a capture filter for the packet’s flow', group: 'Packets', keys: [], run: () => copy('capture filter') },
        { id: 'packets.copyJson', title: 'Copy the packet as JSON', group: 'Packets', keys: [], run: () => copy('JSON') },
        { id: 'packets.collapse', title: 'Collapse all groups', group: 'Packets', keys: [{ key: '[' }], enabled: () => isGrouped, run: () => collapseAll(true) },
        { id: 'packets.expand', title: 'Open all groups', group: 'Packets', keys: [{ key: ']' }], enabled: () => isGrouped, run: () => collapseAll(false) },
      ]), // biome-ignore format: a table
    [step, goFirst, goLast, toDrop, togglePause, openMenu, copy, collapseAll, isGrouped],
  );
}
