import { ArrowDown, ArrowUp } from 'lucide-react';
import { cn } from './cn.ts';

interface SortHeadingProps {
  readonly label: string;
  readonly title?: string | undefined;
  /** Of its cells, such as where they are shown. */
  readonly className?: string | false | undefined;
  readonly isEnd?: boolean | undefined;
  /** How rows are sorted by this column now; undefined: they are not. */
  readonly order: 'ascending' | 'descending' | undefined;
  /** undefined: one cannot sort by it. */
  readonly onSort: (() => void) | undefined;
}

/** A column's name; a click sorts by it. */
export function SortHeading({ label, title, className, isEnd, order, onSort }: SortHeadingProps) {
  const Arrow = order === 'descending' ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      title={title}
      aria-sort={order}
      className={cn('min-w-0 truncate', isEnd && 'text-right', className)}
    >
      {onSort === undefined ? (
        label
      ) : (
        <button
          type="button"
          className={cn(
            'inline-flex items-center gap-0.5 hover:text-text',
            order !== undefined && 'font-semibold text-text',
          )}
          onClick={onSort}
        >
          {label}
          {order !== undefined && <Arrow size={10} aria-hidden />}
        </button>
      )}
    </div>
  );
}

export const orderOf = (isActive: boolean, isDescending: boolean): SortHeadingProps['order'] =>
  !isActive ? undefined : isDescending ? 'descending' : 'ascending';
