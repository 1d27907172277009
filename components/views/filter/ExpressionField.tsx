'use client';

import { useId, useRef } from 'react';
import type { Failure } from '../../../core/base/result.ts';
import { cn } from '../../ui/cn.ts';
import { placeText } from './place.ts';

interface ExpressionFieldProps {
  readonly value: string;
  readonly problem: Failure | undefined;
  readonly onValue: (value: string) => void;
  readonly onSubmit: () => void;
  readonly inputRef: React.RefObject<HTMLInputElement | null>;
}

const TEXT = 'font-mono text-xs whitespace-pre';

/** The pcap expression; what is wrong with it is marked at its place in the text and said below. */
export function ExpressionField({ value, problem, onValue, onSubmit, inputRef }: ExpressionFieldProps) {
  const id = useId();
  const marks = useRef<HTMLDivElement>(null);
  const at = problem?.position === undefined ? -1 : Math.min(problem.position, value.length);
  const word = at < 0 ? '' : (/^\S+/.exec(value.slice(at))?.[0] ?? ' ');
  return (
    <div className="relative min-w-0 flex-1">
      <label htmlFor={id} className="sr-only">
        Filter: pcap expression
      </label>
      <input
        ref={inputRef}
        id={id}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        onScroll={(event) => {
          if (marks.current !== null) marks.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onSubmit();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        placeholder="Everything. Try: icmp or tcp port 80 and host 10.1.0.3"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        className={cn(
          TEXT,
          'h-[26px] w-full rounded-md border bg-control px-2 outline-none placeholder:font-sans focus:outline focus:outline-1',
          problem === undefined
            ? 'border-control-line/60 focus:border-focus focus:outline-focus'
            : 'border-dropped focus:border-dropped focus:outline-dropped',
        )}
      />
      {at >= 0 && (
        <div
          ref={marks}
          aria-hidden
          className={cn(
            TEXT,
            'pointer-events-none absolute inset-0 overflow-hidden px-[9px] leading-[26px] text-transparent',
          )}
        >
          {value.slice(0, at)}
          <span
            data-testid="filter-mark"
            className="underline decoration-dropped decoration-wavy decoration-2 underline-offset-4"
          >
            {word}
          </span>
        </div>
      )}
      {problem !== undefined && (
        <div
          id={`${id}-problem`}
          role="alert"
          className="absolute top-full left-0 z-30 mt-1 max-w-full rounded-md border border-dropped bg-overlay px-2 py-1 text-xs shadow-pop"
        >
          {problem.message}
          <span className="text-muted">{placeText(value, problem)}</span>
        </div>
      )}
    </div>
  );
}
