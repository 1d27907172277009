'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback } from 'react';
import { useOverscan } from './printing.ts';
import { ROW_HEIGHT } from './rowLook.ts';

export interface RowList {
  /** Of all rows, in pixels. */
  readonly height: number;
  /** Rows to draw, and where each begins. */
  readonly drawn: readonly { readonly index: number; readonly top: number }[];
  /** Brings a row into view: by as little as it takes, or to the middle. Stays the same function. */
  readonly scrollTo: (index: number, to?: 'auto' | 'center') => void;
}

/**
 * Which rows of a list are drawn: those in view, some beyond, and on paper all. For lists of up to some ten thousand
 * rows; for more see useRowWindow.
 * @param padding rows that are to be in view beyond the one that is scrolled to
 */
export function useRowList(
  scroller: React.RefObject<HTMLElement | null>,
  count: number,
  padding = 0,
): RowList {
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: useOverscan(),
    scrollPaddingStart: ROW_HEIGHT * padding,
    scrollPaddingEnd: ROW_HEIGHT * padding,
  });
  const scrollTo = useCallback(
    (index: number, to: 'auto' | 'center' = 'auto') => virtualizer.scrollToIndex(index, { align: to }),
    [virtualizer],
  );
  return {
    height: virtualizer.getTotalSize(),
    drawn: virtualizer.getVirtualItems().map(({ index, start }) => ({ index, top: start })),
    scrollTo,
  };
}
