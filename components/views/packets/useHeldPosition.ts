'use client';

import { useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { isAtEnd } from '../../state/packets/anchor.ts';
import { packets } from '../../state/packets/store.ts';
import { ROW_HEIGHT } from '../../ui/rowLook.ts';
import type { Lines } from './lines.ts';

/**
 * The list follows what arrives while its end is in view, and otherwise keeps the row being read in its place. Returns
 * what is to be called after scrolling by program.
 * @param mayFollow what arrives comes at the end
 */
export function useHeldPosition(
  scroller: React.RefObject<HTMLDivElement | null>,
  version: number,
  lines: Lines,
  mayFollow: boolean,
  follows: React.RefObject<boolean>,
): () => void {
  const held = useRef<{ packet: number; offset: number } | null>(null);
  const { count } = lines;
  /** Lines that the list has room for now: what its end is. */
  const drawn = useRef(0);

  const note = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const viewport = { scrollTop: element.scrollTop, height: element.clientHeight, rowHeight: ROW_HEIGHT };
    follows.current = isAtEnd(viewport, drawn.current);
    // the first row in view, or the one behind a heading
    let at = Math.floor(element.scrollTop / ROW_HEIGHT);
    if (lines.at(at) < 0) at += 1;
    const row = packets.row(lines.at(at));
    held.current =
      row === undefined ? null : { packet: row.packet, offset: element.scrollTop - at * ROW_HEIGHT };
  }, [scroller, lines, follows]);

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

  return note;
}
