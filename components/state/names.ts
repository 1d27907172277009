'use client';

import { create } from 'zustand';
import type { NameTables } from '../../core/messages/browser.ts';
import { NameBook } from '../../core/model/names.ts';

interface Names {
  readonly book: NameBook;
  /** Counts changes, so that texts made from names know when they are stale. */
  readonly version: number;
}

/** What the kernel's numbers are called, as the source told. */
export const useNames = create<Names>(() => ({ book: new NameBook(), version: 0 }));

/**
 * Takes in name tables: each table replaces the one before, symbols add to what is known. Of paths nothing can have been
 * said before they are told, so that nothing is stale.
 */
export function takeNames(tables: NameTables): void {
  const { book, version } = useNames.getState();
  book.take(tables);
  if (Object.keys(tables).every((table) => table === 'paths')) return;
  useNames.setState({ version: version + 1 });
}
