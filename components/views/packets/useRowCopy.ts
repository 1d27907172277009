'use client';

import { useCallback } from 'react';
import { useNames } from '../../state/names.ts';
import { useListing } from '../../state/packets/listing.ts';
import { packets } from '../../state/packets/store.ts';
import { useSession } from '../../state/session.ts';
import { factsOf } from './columns.tsx';
import { type CopyAs, copyText } from './copy.ts';

/** Copies a packet, by its index in the store, and says whether that was possible. */
export function useRowCopy(say: (text: string) => void): (as: CopyAs, index: number) => void {
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const columns = useListing((state) => state.columns);
  return useCallback(
    async (as: CopyAs, index: number) => {
      const row = packets.row(index);
      if (row === undefined) return say('No packet is selected');
      const own = factsOf(row, useNames.getState().book, baseUnixMs, packets.originNs);
      try {
        await navigator.clipboard.writeText(copyText(as, own, columns));
        say(`Copied as ${as}`);
      } catch {
        // no clipboard outside https and localhost
        say('The browser does not let the page copy');
      }
    },
    [say, columns, baseUnixMs],
  );
}
