/** Where the list stands, in pixels and rows. */
export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
}

/** Whether the last row is in view, so that the list should follow what arrives. */
export function isAtEnd(viewport: Viewport, rows: number): boolean {
  return viewport.scrollTop + viewport.height >= rows * viewport.rowHeight - viewport.rowHeight / 2;
}

/**
 * The row that a person is most likely reading: the selected one when it is in view, otherwise the first
 * whole row in view. -1 when the list is empty.
 */
export function readingRow(viewport: Viewport, rows: number, selected: number): number {
  if (rows === 0) return -1;
  const first = Math.min(rows - 1, Math.ceil(viewport.scrollTop / viewport.rowHeight - 0.01));
  const last = Math.floor((viewport.scrollTop + viewport.height) / viewport.rowHeight) - 1;
  return selected >= first && selected <= last ? selected : first;
}

/**
 * The scroll position that keeps a row at its place on the screen when its index went from `before` to `after`
 * (-1: it left the list; the position then stays).
 */
export function heldScrollTop(viewport: Viewport, before: number, after: number): number {
  if (before < 0 || after < 0) return viewport.scrollTop;
  return Math.max(0, viewport.scrollTop + (after - before) * viewport.rowHeight);
}

/** The scroll position nearest to the present one that shows row `index` whole. */
export function scrollTopToShow(viewport: Viewport, index: number): number {
  const top = index * viewport.rowHeight;
  if (top < viewport.scrollTop) return top;
  const bottom = top + viewport.rowHeight;
  return bottom > viewport.scrollTop + viewport.height ? bottom - viewport.height : viewport.scrollTop;
}
