'use client';

import { ChartColumn, Search } from 'lucide-react';
import { useEffect } from 'react';
import { commands } from '../../state/commands.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { Button } from '../../ui/Button.tsx';
import { Kbd } from '../../ui/Kbd.tsx';
import { DisplayField } from './DisplayField.tsx';

/** What all views show of what was captured: the display filter, and whether the time strip is there. */
export function DisplayBar({ onPalette }: { readonly onPalette: () => void }) {
  const stripOpen = usePreferences((state) => state.stripOpen);
  useEffect(
    () =>
      commands.register([
        { id: 'range.toggle', title: 'Show or hide the time strip', group: 'Filter', keys: [{ key: 'z' }], run: () => prefer({ stripOpen: !stripOpen }) },
      ]), // biome-ignore format: a table
    [stripOpen],
  );
  return (
    <div
      role="search"
      aria-label="What is shown"
      className="flex min-w-[min(24rem,100%)] flex-1 items-center gap-1 px-2 py-[3px]"
    >
      <DisplayField />
      <Button
        look={stripOpen ? 'outline' : 'quiet'}
        square
        aria-label="Time strip"
        aria-pressed={stripOpen}
        title="Packets over time: draw a range to see only that (Z)"
        onClick={() => prefer({ stripOpen: !stripOpen })}
      >
        <ChartColumn size={13} aria-hidden />
      </Button>
      <Button
        look="quiet"
        className="max-sm:hidden"
        aria-label="Commands"
        title="All commands (Ctrl+K)"
        onClick={onPalette}
      >
        <Search size={12} aria-hidden />
        <Kbd>Ctrl+K</Kbd>
      </Button>
    </div>
  );
}
