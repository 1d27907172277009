/** How rows of lists look: all are of one height, at their place in a box as high as all of them. */
export const ROW_HEIGHT = 24;
export const ROW = 'absolute inset-x-0 top-0 h-6 cursor-default text-xs outline-none';
export const CURRENT_ROW = 'bg-selected shadow-[inset_2px_0_0_var(--focus)]';
export const rowTone = (isCurrent: boolean): string => (isCurrent ? CURRENT_ROW : 'hover:bg-hover');
