'use client';

import { type CSSProperties, type KeyboardEvent, type ReactNode, type RefObject, useId } from 'react';
import { cn } from '../../ui/cn.ts';
import { ROW_HEIGHT, rowTone } from '../../ui/rowLook.ts';
import { useRowList } from '../../ui/useRowList.ts';

interface PickListProps {
  readonly label: string;
  readonly ref: RefObject<HTMLDivElement | null>;
  /** Of each line, in order. */
  readonly packets: ArrayLike<number>;
  /** What a line is known by while others come and go; without it, its packet: each is then in the list only once. */
  readonly keyOf?: (at: number) => number;
  /** The line under the cursor, -1 for none. */
  readonly at: number;
  readonly onMove: (at: number) => void;
  /** A click on a line, or Enter on the one under the cursor. */
  readonly onOpen: (at: number) => void;
  /** Escape. */
  readonly onLeave: () => void;
  /** What a click does, said at every line. */
  readonly hint?: string;
  /** As many lines are in view at least, if there are as many. */
  readonly linesMin?: number;
  /** A line; null: nothing is drawn in its place. */
  readonly children: (at: number) => ReactNode;
}

/** Packets below what they explain, a line each, with keys of its own: they walk it, open and leave it. */
export function PickList({
  label,
  ref,
  packets,
  keyOf = (index) => packets[index] ?? -1,
  at,
  onMove,
  onOpen,
  onLeave,
  hint,
  linesMin = 0,
  children,
}: PickListProps) {
  const id = useId();
  const { height, drawn, scrollTo } = useRowList(ref, packets.length);
  const go = (to: number) => {
    const next = Math.max(0, Math.min(packets.length - 1, to));
    onMove(next);
    scrollTo(next);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(at + 1),
    j: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    k: () => go(at - 1),
    Home: () => go(0),
    End: () => go(packets.length - 1),
    Enter: () => onOpen(at),
    Escape: onLeave,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const run = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };
  const style: CSSProperties =
    linesMin === 0 ? {} : { minHeight: Math.min(linesMin, packets.length) * ROW_HEIGHT };
  return (
    <div
      ref={ref}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={at >= 0 && at < packets.length ? `${id}-${keyOf(at)}` : undefined}
      onKeyDown={onKeyDown}
      className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]"
      style={style}
    >
      <div style={{ height }} role="none" className="relative">
        {drawn.map(({ index, top }) => {
          const line = children(index);
          return line === null ? null : (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list's own keys walk the lines
            <div
              key={keyOf(index)}
              id={`${id}-${keyOf(index)}`}
              role="option"
              aria-selected={index === at}
              data-option={packets[index]}
              title={hint}
              onClick={() => onOpen(index)}
              style={{ transform: `translateY(${top}px)` }}
              className={cn(
                'absolute inset-x-0 top-0 flex h-6 cursor-pointer items-center gap-3 px-3 whitespace-nowrap',
                rowTone(index === at),
              )}
            >
              {line}
            </div>
          );
        })}
      </div>
    </div>
  );
}
