import type { PacketRow } from '../../../core/model/packet.ts';

/** What a row can be found by, as it is shown. */
export type RowText = (row: PacketRow) => string;

/**
 * What was typed as a test of one row: words are separated by blanks and must all be found, anywhere in the row's
 * text; upper and lower case are alike. null when the text is blank.
 */
export function compileFind(text: string, rowText: RowText): ((row: PacketRow) => boolean) | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  return (row) => {
    const found = rowText(row).toLowerCase();
    return words.every((word) => found.includes(word));
  };
}
