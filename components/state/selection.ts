'use client';

import { create } from 'zustand';

interface Selection {
  /** Packet id whose path is shown, 0 for none. */
  readonly packet: number;
  /** Hop under the cursor of the path, -1 for none. */
  readonly hop: number;
}

/** One selection for all views. */
export const useSelection = create<Selection>(() => ({ packet: 0, hop: -1 }));

export const selectPacket = (packet: number): void => useSelection.setState({ packet, hop: -1 });
export const selectHop = (hop: number): void => useSelection.setState({ hop });
