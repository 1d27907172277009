'use client';

import { create } from 'zustand';

interface Selection {
  /** Packet id whose path is shown, 0 for none. */
  readonly packet: number;
  /** Hop under the cursor of the path, -1 for none. */
  readonly hop: number;
  /** Decision under the cursor, as an index of the path's decisions, -1 for none; `hop` is the hop before it. */
  readonly decision: number;
}

/** One selection for all views. */
export const useSelection = create<Selection>(() => ({ packet: 0, hop: -1, decision: -1 }));

export const selectPacket = (packet: number): void =>
  useSelection.setState({ packet, hop: -1, decision: -1 });
export const selectHop = (hop: number): void => useSelection.setState({ hop, decision: -1 });
/** @param hop the one that came before it, -1 without one */
export const selectDecision = (decision: number, hop: number): void =>
  useSelection.setState({ hop, decision });
