'use client';

import { useMedia } from './useMedia.ts';

/** Rows of a list on paper, on each side of what was on screen: some forty pages. */
export const PRINTED_ROWS_MAX = 2000;
const OVERSCAN = 10;

export const usePrinting = (): boolean => useMedia('print');

/** Rows that a list draws beyond those on screen: on paper there is nothing to scroll. */
export const useOverscan = (): number => (usePrinting() ? PRINTED_ROWS_MAX : OVERSCAN);
