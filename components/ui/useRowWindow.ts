'use client';

import { useCallback, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { PRINTED_ROWS_MAX, usePrinting } from './printing.ts';

/** Rows drawn beyond either end of what is in view; and the steps in which the window moves. */
const OVERSCAN = 6;
const STEP = 8;

export interface RowWindow {
  /** Rows to draw: from the first on, before the end. */
  readonly first: number;
  readonly end: number;
  /** Brings a row into view when it is not, by as little as it takes. */
  scrollTo(index: number): void;
}

/**
 * Which of very many rows of one height are drawn. Nothing is kept for a row: a million cost what a hundred do, also when
 * more come all the time, and scrolling draws again only once in {@link STEP} rows.
 * @param isAtEnd the list is kept at its end, wherever it is scrolled to at the moment
 * @param padding rows that are to be in view beyond the one that is scrolled to
 */
export function useRowWindow(
  scroller: React.RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  { isAtEnd = false, padding = 0 }: { readonly isAtEnd?: boolean; readonly padding?: number } = {},
): RowWindow {
  const [place, setPlace] = useState({ top: 0, rows: 0 });
  const isEmpty = count === 0;
  const overscan = usePrinting() ? PRINTED_ROWS_MAX : OVERSCAN;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an empty list may have no element
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let last = '';
    const measure = () => {
      const top = Math.floor(element.scrollTop / rowHeight / STEP) * STEP;
      const rows = Math.ceil(element.clientHeight / rowHeight) + STEP;
      if (last === `${top} ${rows}`) return false;
      last = `${top} ${rows}`;
      setPlace({ top, rows });
      return true;
    };
    // in the frame that shows the new place, or it would show it empty
    const onScroll = () => void flushSync(measure);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller, rowHeight, isEmpty]);

  const scrollTo = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (element === null) return;
      const top = Math.max(0, index - padding) * rowHeight;
      const bottom = (index + 1 + padding) * rowHeight - element.clientHeight;
      const { scrollTop } = element;
      if (top < scrollTop) element.scrollTop = top;
      else if (bottom > scrollTop) element.scrollTop = bottom;
    },
    [scroller, rowHeight, padding],
  );
  const { top, rows } = place;
  // rows that went may have left the place behind the end
  const from = isAtEnd || top > count - rows ? Math.max(0, count - rows) : top;
  return {
    first: Math.max(0, from - overscan),
    end: Math.min(count, from + rows + overscan),
    scrollTo,
  };
}
