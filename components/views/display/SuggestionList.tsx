'use client';

import { useEffect, useRef } from 'react';
import type { Suggestion } from '../../../core/model/display/complete.ts';
import { cn } from '../../ui/cn.ts';

interface SuggestionListProps {
  readonly id: string;
  readonly suggestions: readonly Suggestion[];
  readonly active: number;
  readonly onTake: (index: number) => void;
}

/** What can be written next; the keys are the field's, which keeps the focus. */
export function SuggestionList({ id, suggestions, active, onTake }: SuggestionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${active}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div
      ref={list}
      id={id}
      role="listbox"
      aria-label="What can be written here"
      className="absolute top-full left-0 z-30 mt-1 max-h-72 w-[min(30rem,calc(100vw-16px))] overflow-auto rounded-md border border-line-strong bg-overlay p-1 text-xs shadow-pop"
    >
      {suggestions.map(({ label, about }, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field's keys walk the list
        <div
          key={label}
          id={`${id}-${i}`}
          role="option"
          aria-selected={i === active}
          data-index={i}
          // the field keeps the focus
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(i)}
          className={cn(
            'flex h-6 cursor-default items-center gap-3 rounded-sm px-2',
            i === active ? 'bg-selected' : 'hover:bg-hover',
          )}
        >
          <span className="shrink-0 font-mono">{label}</span>
          <span className="ml-auto truncate text-muted">{about}</span>
        </div>
      ))}
    </div>
  );
}
