'use client';

import { useEffect } from 'react';
import { commands } from '../../../state/commands.ts';
import { endComparison, swapCompared } from '../../../state/paths/compare.ts';

/** The comparison's keys: row by row, and from difference to difference. */
export function useCompareKeys(
  current: number,
  differences: readonly number[],
  slowest: number | undefined,
  go: (to: number, place?: 'auto' | 'center') => void,
): void {
  useEffect(() => {
    const after = () => differences.find((at) => at > current);
    const before = () => differences.findLast((at) => at < current);
    const jump = (to: number | undefined) => to !== undefined && go(to, 'center');
    return commands.register([
      { id: 'compare.down', title: 'Next row', group: 'Path', keys: [{ key: 'j' }, { key: 'ArrowDown' }], run: () => go(current + 1) },
      { id: 'compare.up', title: 'Previous row', group: 'Path', keys: [{ key: 'k' }, { key: 'ArrowUp' }], run: () => go(current - 1) },
      { id: 'compare.after', title: 'Next difference', group: 'Path', keys: [{ key: 'n' }], run: () => jump(after()) },
      { id: 'compare.before', title: 'Previous difference', group: 'Path', keys: [{ key: 'b' }], run: () => jump(before()) },
      { id: 'compare.slowest', title: 'Where the slower one lost its time', group: 'Path', keys: [{ key: 's' }], enabled: () => slowest !== undefined, run: () => jump(slowest) },
      { id: 'compare.swap', title: 'Swap left and right', group: 'Path', keys: [{ key: 'x' }], run: swapCompared },
      { id: 'compare.close', title: 'Close the comparison', group: 'Path', keys: [{ key: 'Escape' }], run: endComparison },
    ]); // biome-ignore format: a table
  }, [current, differences, slowest, go]);
}
