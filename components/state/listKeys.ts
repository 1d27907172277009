'use client';

import { useEffect } from 'react';
import { type CommandGroup, commands } from './commands.ts';

/** The keys by which every master table is walked. */
export function useListKeys(
  name: string,
  group: CommandGroup,
  what: string,
  {
    count,
    selected,
    onSelect,
    open,
  }: {
    readonly count: number;
    readonly selected: number;
    readonly onSelect: (index: number) => void;
    readonly open: { readonly title: string; readonly run: () => void };
  },
): void {
  useEffect(() => {
    const go = (to: number) => {
      if (count > 0) onSelect(Math.max(0, Math.min(count - 1, to)));
    };
    return commands.register([
      { id: `${name}.next`, title: `Next ${what}`, group, keys: [{ key: 'j' }, { key: 'ArrowDown' }], run: () => go(selected + 1) },
      { id: `${name}.previous`, title: `Previous ${what}`, group, keys: [{ key: 'k' }, { key: 'ArrowUp' }], run: () => go(selected - 1) },
      { id: `${name}.first`, title: `First ${what}`, group, keys: [{ key: 'Home' }], run: () => go(0) },
      { id: `${name}.last`, title: `Last ${what}`, group, keys: [{ key: 'End' }], run: () => go(count - 1) },
      { id: `${name}.open`, title: open.title, group, keys: [{ key: 'Enter' }], run: open.run },
    ]); // biome-ignore format: a table
  }, [name, group, what, count, selected, onSelect, open]);
}
