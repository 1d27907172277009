import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

/** The row of a grid that names its columns. */
export function HeadRow({ className, ...props }: ComponentProps<'div'>) {
  return (
    <div
      role="row"
      aria-rowindex={1}
      className={cn(className, 'h-6 shrink-0 border-b border-line bg-raised text-2xs text-muted')}
      {...props}
    />
  );
}

interface GridRowsProps extends ComponentProps<'div'> {
  readonly label: string;
  /** Of all rows, in pixels; undefined: what is in it stands for itself, as where there are none. */
  readonly height: number | undefined;
}

/** What scrolls below the head of a grid. It has the focus while a view's keys walk the rows. */
export function GridRows({ label, height, children, ...props }: GridRowsProps) {
  return (
    <div
      role="rowgroup"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
      {...props}
    >
      {height === undefined ? (
        children
      ) : (
        <div role="presentation" style={{ height }} className="relative">
          {children}
        </div>
      )}
    </div>
  );
}
