'use client';

import { ListFilter, X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { commands } from '../../state/commands.ts';
import { setDisplay, settleDisplay, typeDisplay, useDisplay } from '../../state/display.ts';
import { cn } from '../../ui/cn.ts';
import { SuggestionList } from './SuggestionList.tsx';
import { useCompletion } from './useCompletion.ts';

const TEXT = 'font-mono text-xs whitespace-pre';
/** A fault is told when the person rests; half a word is no fault yet. */
const TELL_AFTER_MS = 700;

/**
 * What of the captured packets is shown, in every view. It counts as it is written; what is wrong is marked at its
 * place, and the last good filter stays in force.
 */
export function DisplayField() {
  const id = useId();
  const { text, problem } = useDisplay();
  const field = useRef<HTMLInputElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  const completion = useCompletion(field);
  const { suggestions, active } = completion;
  const isOpen = suggestions.length > 0;
  const told = useRested(problem?.message ?? '', TELL_AFTER_MS);
  /** What stands there is no more than not finished yet. */
  const isHalf = (problem?.position ?? 0) >= text.trimEnd().length && (isOpen || told !== problem?.message);
  const isTold = problem !== undefined && told === problem.message && !isOpen;

  useEffect(
    () =>
      commands.register([
        { id: 'display.focus', title: 'Filter what is shown', group: 'Filter', keys: [{ key: 'f', mod: true, inFields: true }], run: () => {
          field.current?.focus();
          field.current?.select();
        } },
        { id: 'display.clear', title: 'Show everything: no display filter', group: 'Filter', keys: [], run: () => setDisplay('') },
      ]), // biome-ignore format: a table
    [],
  );

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const handled = (work: () => void) => {
      event.preventDefault();
      work();
    };
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      return handled(() =>
        isOpen ? completion.move(event.key === 'ArrowDown' ? 1 : -1) : completion.open(),
      );
    if (event.key === 'Tab' && isOpen && !event.shiftKey && text !== '')
      return handled(() => completion.take(Math.max(0, active)));
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey)
      return handled(() => {
        if (active >= 0) return completion.take(active);
        settleDisplay();
        completion.close();
      });
    if (event.key === 'Escape') {
      event.preventDefault();
      if (isOpen) completion.close();
      else event.currentTarget.blur();
    }
  };
  const note = (event: React.SyntheticEvent<HTMLInputElement>) =>
    completion.caretAt(event.currentTarget.selectionStart ?? 0);
  const at = problem?.position === undefined ? -1 : Math.min(problem.position, text.length);
  const word = at < 0 ? '' : (/^\S+/.exec(text.slice(at))?.[0] ?? ' ');
  return (
    <div className="relative min-w-0 flex-1">
      <ListFilter
        size={12}
        aria-hidden
        className="pointer-events-none absolute top-[7px] left-2 text-muted max-sm:top-3"
      />
      <input
        ref={field}
        id={id}
        role="combobox"
        aria-label="Display filter"
        aria-expanded={isOpen}
        aria-controls={isOpen ? `${id}-list` : undefined}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && active >= 0 ? `${id}-list-${active}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={isTold ? `${id}-problem` : undefined}
        value={text}
        onChange={(event) => {
          note(event);
          typeDisplay(event.target.value);
          completion.open();
        }}
        onKeyDown={onKeyDown}
        onSelect={note}
        onBlur={() => {
          completion.close();
          settleDisplay();
        }}
        onScroll={(event) => {
          if (marks.current !== null) marks.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
        placeholder="Show: ns == web and dropped, dport in {80, 443}, 10.1.0.0/16 …"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        className={cn(
          TEXT,
          'h-[26px] w-full truncate rounded-md border bg-control pr-7 pl-7 outline-none placeholder:font-sans focus:outline focus:outline-1 max-sm:h-9 max-sm:text-base',
          problem !== undefined && !isHalf
            ? 'border-dropped focus:border-dropped focus:outline-dropped'
            : text.trim() === ''
              ? 'border-control-line/60 focus:border-focus focus:outline-focus'
              : 'border-focus focus:outline-focus',
        )}
      />
      {at >= 0 && !isHalf && (
        <div
          ref={marks}
          aria-hidden
          className={cn(
            TEXT,
            'pointer-events-none absolute inset-y-0 right-7 left-7 overflow-hidden leading-[26px] text-transparent max-sm:text-base max-sm:leading-9',
          )}
        >
          {text.slice(0, at)}
          <span
            data-testid="display-mark"
            className="underline decoration-dropped decoration-wavy decoration-2 underline-offset-4"
          >
            {word}
          </span>
        </div>
      )}
      {text !== '' && (
        <button
          type="button"
          aria-label="Show everything"
          onClick={() => {
            setDisplay('');
            field.current?.focus();
          }}
          className="absolute top-[5px] right-1.5 flex size-4 items-center justify-center rounded-sm text-muted hover:text-text max-sm:top-2.5"
        >
          <X size={12} aria-hidden />
        </button>
      )}
      {isOpen && (
        <SuggestionList
          id={`${id}-list`}
          suggestions={suggestions}
          active={active}
          onTake={completion.take}
        />
      )}
      {isTold && (
        <div
          id={`${id}-problem`}
          role="alert"
          className="absolute top-full left-0 z-30 mt-1 max-w-full rounded-md border border-dropped bg-overlay px-2 py-1 text-xs shadow-pop"
        >
          {problem.message}
          <span className="text-muted">; the filter before it stays in force</span>
        </div>
      )}
    </div>
  );
}

/** A text once it has not changed for so long. */
function useRested(text: string, ms: number): string {
  const [rested, setRested] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), text === '' ? 0 : ms);
    return () => clearTimeout(timer);
  }, [text, ms]);
  return rested;
}
