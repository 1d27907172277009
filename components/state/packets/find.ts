import type { Columns } from './columns.ts';

/** What a row can be found by, besides its numbers: texts by id, made once and not per row. */
export interface FindTexts {
  readonly addresses: { readonly size: number; text(id: number): string };
  netns(inode: number): string;
  reason(value: number): string;
  func(id: number): string;
  /** Protocol with its flags or type, as in the list. */
  protocol(slot: number): string;
}

export type RowTest = (slot: number) => boolean;

/**
 * Compiles what was typed into a test of one row. Words are separated by blanks and must all be found, each in any
 * of: addresses, ports (a whole number), namespace names, drop reason, last function, protocol. null when the
 * text is blank. The answer of each distinct address, namespace, reason and function is kept for all rows.
 */
export function compileFind(text: string, columns: () => Columns, texts: FindTexts): RowTest | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const tests = words.map((word) => compileWord(word, columns, texts));
  return (slot) => tests.every((test) => test(slot));
}

function compileWord(word: string, columns: () => Columns, texts: FindTexts): RowTest {
  const address = cached((id) => texts.addresses.text(id).toLowerCase().includes(word));
  const netns = cached((inode) => inode !== 0 && texts.netns(inode).toLowerCase().includes(word));
  const reason = cached((value) => value !== 0 && texts.reason(value).toLowerCase().includes(word));
  const func = cached((id) => id !== 0 && texts.func(id).toLowerCase().includes(word));
  const port = /^:?(\d{1,5})$/.exec(word)?.[1];
  const wanted = port === undefined ? -1 : Number(port);
  return (slot) => {
    const c = columns();
    return (
      address(c.source[slot] ?? 0) ||
      address(c.destination[slot] ?? 0) ||
      c.sport[slot] === wanted ||
      c.dport[slot] === wanted ||
      netns(c.firstNetns[slot] ?? 0) ||
      netns(c.lastNetns[slot] ?? 0) ||
      reason(c.reason[slot] ?? 0) ||
      func(c.lastFunc[slot] ?? 0) ||
      texts.protocol(slot).toLowerCase().includes(word)
    );
  };
}

function cached(test: (id: number) => boolean): (id: number) => boolean {
  const known = new Map<number, boolean>();
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const found = test(id);
    known.set(id, found);
    return found;
  };
}
