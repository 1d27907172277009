'use client';

import { RadioGroup } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from './cn.ts';

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly onValue: (value: T) => void;
  readonly options: readonly { readonly value: T; readonly label: string; readonly icon?: ReactNode }[];
  readonly className?: string;
}

/** A choice of two or three, all visible; arrow keys move it. */
export function Segmented<T extends string>({
  label,
  value,
  onValue,
  options,
  className,
}: SegmentedProps<T>) {
  return (
    <RadioGroup.Root
      aria-label={label}
      orientation="horizontal"
      value={value}
      onValueChange={(next) => {
        const option = options.find((candidate) => candidate.value === next);
        if (option !== undefined) onValue(option.value);
      }}
      className={cn(
        'inline-flex h-[26px] shrink-0 items-center rounded-md border border-control-line/60 bg-sunken p-px max-sm:h-9',
        className,
      )}
    >
      {options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          aria-label={option.label}
          className="inline-flex h-full items-center gap-1 rounded-[4px] px-2 text-xs text-muted hover:text-text data-[state=checked]:bg-overlay data-[state=checked]:font-medium data-[state=checked]:text-text data-[state=checked]:shadow-[0_0_0_1px_var(--line-strong)]"
        >
          {option.icon ?? option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
