'use client';

import { useEffect, useRef } from 'react';
import { showView, useView } from '../../state/view.ts';
import { cn } from '../../ui/cn.ts';
import { VIEWS, viewKey } from './views.tsx';

/** The views by name; each has a number for its key. */
export function ViewTabs() {
  const view = useView((state) => state.view);
  const current = useRef<HTMLButtonElement>(null);
  // on a phone there is no room for all
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view is another button
  useEffect(() => {
    current.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [view]);
  return (
    <nav aria-label="Views" className="flex h-8 shrink-0 items-center gap-1 overflow-x-auto px-2 max-w-full">
      {VIEWS.map(({ id, label, about }) => (
        <button
          key={id}
          ref={id === view ? current : undefined}
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
    </nav>
  );
}
