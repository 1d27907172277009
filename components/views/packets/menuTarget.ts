/** Which packet a menu of the list is about, by what is on the page. */
import { packets } from '../../state/packets/store.ts';

/** Index of the packet whose row was clicked in, or of the selected one when the list itself was; -1 for none. */
export function indexAt(target: EventTarget | null, selected: number): number {
  if (!(target instanceof Element)) return -1;
  if (target.closest('[data-heading]') !== null) return -1;
  const packet = target.closest('[data-packet]')?.getAttribute('data-packet');
  return packets.indexOf(packet === null || packet === undefined ? selected : Number(packet));
}

/** The menu opens beside the selected row, as if that was clicked. */
export function openMenuOf(scroller: HTMLElement | null): void {
  const row = scroller?.querySelector('[data-packet][aria-selected="true"]');
  if (row === null || row === undefined) return;
  const { left, bottom } = row.getBoundingClientRect();
  row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, clientX: left + 24, clientY: bottom }));
}
