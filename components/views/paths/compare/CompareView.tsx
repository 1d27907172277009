'use client';

import { useMemo } from 'react';
import { useNames } from '../../../state/names.ts';
import { packets } from '../../../state/packets/store.ts';
import { type Compared, endComparison } from '../../../state/paths/compare.ts';
import { Button } from '../../../ui/Button.tsx';
import { Notice } from '../../../ui/Notice.tsx';
import { usePacketRow } from '../../path/usePath.ts';
import { AlignedRows } from './AlignedRows.tsx';
import { align } from './align.ts';
import { useWay } from './useWay.ts';

/** Two packets' ways beside each other, row by row: where do they part, and what was decided there? */
export function CompareView({ left, right }: { readonly left: Compared; readonly right: Compared }) {
  const { session } = packets;
  const [a, b] = [usePacketRow(left.packet), usePacketRow(right.packet)];
  const one = useWay(left.packet, session, a);
  const other = useWay(right.packet, session, b);
  const { book, version } = useNames();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const alignment = useMemo(
    () => (one.way && other.way ? align(one.way, other.way, book) : undefined),
    [one.way, other.way, book, version],
  );
  const failure = one.failure ?? other.failure;
  return (
    <section aria-label="Comparison" className="flex h-full min-h-0 flex-col bg-surface">
      {alignment !== undefined ? (
        <AlignedRows left={left} right={right} alignment={alignment} />
      ) : failure !== undefined ? (
        <Notice
          title="They cannot be compared any more"
          action={<Button onClick={endComparison}>Back</Button>}
        >
          {failure.message}
        </Notice>
      ) : (
        <div className="flex h-full items-center justify-center text-muted" role="status">
          Reading both paths …
        </div>
      )}
    </section>
  );
}
