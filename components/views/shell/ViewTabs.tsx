'use client';

import { Search } from 'lucide-react';
import { showView, useView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { Kbd } from '../../ui/Kbd.tsx';
import { VIEWS, viewKey } from './views.tsx';

/** The views by name; each has a number for its key. */
export function ViewTabs({ onPalette }: { readonly onPalette: () => void }) {
  const view = useView((state) => state.view);
  return (
    <nav
      aria-label="Views"
      className="flex h-8 shrink-0 items-center gap-1 overflow-x-auto border-b border-line bg-raised px-2"
    >
      {VIEWS.map(({ id, label, about }) => (
        <button
          key={id}
          type="button"
          aria-current={id === view ? 'page' : undefined}
          title={`${about} (${viewKey(id)})`}
          onClick={() => showView(id)}
          className={cn(
            'inline-flex h-full items-center gap-1.5 border-b-2 px-2 text-xs whitespace-nowrap',
            id === view
              ? 'border-focus font-medium text-text'
              : 'border-transparent text-muted hover:text-text',
          )}
        >
          {label}
          <span aria-hidden className="text-2xs text-faint max-sm:hidden">
            {viewKey(id)}
          </span>
        </button>
      ))}
      <Button look="quiet" className="ml-auto max-sm:hidden" onClick={onPalette}>
        <Search size={12} aria-hidden />
        Commands
        <Kbd>Ctrl+K</Kbd>
      </Button>
    </nav>
  );
}
