'use client';

import { useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { isAtEnd, readingRow, type Viewport } from '../../state/packets/anchor.ts';
import { packets } from '../../state/packets/store.ts';
import { ROW_HEIGHT } from '../../ui/rowLook.ts';
import { useRowWindow } from '../../ui/useRowWindow.ts';
import type { Lines } from './lines.ts';

export interface HeldPosition {
  /** Lines to draw: from the first on, before the end. */
  readonly first: number;
  readonly end: number;
  /** Brings a line into view; the list then follows only if that is its end. */
  readonly show: (place: number) => void;
  /** The first whole line in view, -1 without any. */
  readonly reading: () => number;
}

/**
 * Where the list stands: it follows what arrives while its end is in view, and otherwise keeps the row being read in
 * its place.
 * @param mayFollow what arrives comes at the end
 */
export function useHeldPosition(
  scroller: React.RefObject<HTMLDivElement | null>,
  version: number,
  lines: Lines,
  mayFollow: boolean,
): HeldPosition {
  const follows = useRef(true);
  const held = useRef<{ packet: number; offset: number } | null>(null);
  const { count } = lines;
  /** Lines that the list has room for now: what its end is. */
  const drawn = useRef(0);

  const note = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    follows.current = isAtEnd(viewportOf(element), drawn.current);
    // the first row in view, or the one behind a heading
    let at = Math.floor(element.scrollTop / ROW_HEIGHT);
    if (lines.at(at) < 0) at += 1;
    const row = packets.row(lines.at(at));
    held.current =
      row === undefined ? null : { packet: row.packet, offset: element.scrollTop - at * ROW_HEIGHT };
  }, [scroller, lines]);

  const isEmpty = count === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: without rows there is nothing to scroll
  useEffect(() => {
    const element = scroller.current;
    // before the rows are drawn for the new place: after that the browser would have to lay them out first
    const options = { passive: true, capture: true };
    element?.addEventListener('scroll', note, options);
    return () => element?.removeEventListener('scroll', note, options);
  }, [scroller, note, isEmpty]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs after every change of what is shown
  useLayoutEffect(() => {
    drawn.current = count;
    const element = scroller.current;
    if (element === null) return;
    if (follows.current && mayFollow) {
      element.scrollTop = count * ROW_HEIGHT;
      return;
    }
    if (held.current === null) return;
    const at = lines.find(packets.indexOf(held.current.packet));
    if (at >= 0) element.scrollTop = at * ROW_HEIGHT + held.current.offset;
  }, [version, lines, count, mayFollow]);

  const { first, end, scrollTo } = useRowWindow(scroller, count, ROW_HEIGHT, {
    isAtEnd: follows.current && mayFollow,
  });
  const show = useCallback(
    (place: number) => {
      follows.current = false;
      scrollTo(place);
      // the event comes with the next frame: rows that arrive before it would bring the old place back
      note();
    },
    [scrollTo, note],
  );
  const reading = useCallback(
    () => (scroller.current === null ? -1 : readingRow(viewportOf(scroller.current), count, -1)),
    [scroller, count],
  );
  return { first, end, show, reading };
}

const viewportOf = ({ scrollTop, clientHeight }: HTMLElement): Viewport => ({
  scrollTop,
  height: clientHeight,
  rowHeight: ROW_HEIGHT,
});
