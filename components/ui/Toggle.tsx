'use client';

import { Check } from 'lucide-react';
import { Checkbox } from 'radix-ui';
import { useId } from 'react';

interface ToggleProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChecked: (checked: boolean) => void;
  readonly title?: string;
}

/** A check box with its label. */
export function Toggle({ label, checked, onChecked, title }: ToggleProps) {
  const id = useId();
  return (
    <div className="flex h-[26px] shrink-0 items-center gap-1.5 max-sm:h-9" title={title}>
      <Checkbox.Root
        id={id}
        checked={checked}
        onCheckedChange={(next) => onChecked(next === true)}
        className="flex size-[15px] items-center justify-center rounded-sm border border-control-line bg-control data-[state=checked]:border-primary data-[state=checked]:bg-primary data-[state=checked]:text-on-primary"
      >
        <Checkbox.Indicator>
          <Check size={11} strokeWidth={3.2} aria-hidden />
        </Checkbox.Indicator>
      </Checkbox.Root>
      <label htmlFor={id} className="text-xs text-soft select-none">
        {label}
      </label>
    </div>
  );
}
