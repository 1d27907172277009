/** How words are set off on a terminal; elsewhere they stay as they are. */
export interface Paint {
  bad(text: string): string;
  good(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

const same = (text: string): string => text;
export const PLAIN: Paint = { bad: same, good: same, strong: same, faint: same };
