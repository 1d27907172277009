/** Which values of a field occur in rows, the most frequent first. */
import { ipText } from '../../base/address.ts';
import { ROW_BYTES, rowPath } from '../../wire/rows.ts';
import type { RowSource } from '../aggregate/scan.ts';
import { formatDuration } from '../format.ts';
import type { NameBook } from '../names.ts';
import { isNumbered } from '../path-table.ts';
import { addressVersion } from './address.ts';
import type { Occurring } from './complete.ts';
import type { Field } from './fields.ts';
import { keysOnWay } from './way.ts';

/** Rows that are looked at, the newest; and values that are told: of names more, there are a few hundred of them. */
const ROWS_MAX = 20_000;
const VALUES_MAX = 30;
const NAMES_MAX = 500;
/** Times and sizes that occur are too many to be of use. */
const UNTOLD = new Set(['duration', 'time', 'packet', 'parent', 'len', 'hops']);

/** @param rows of these the newest are looked at */
export function occurring(rows: RowSource, field: Field, book: NameBook): readonly Occurring[] {
  if (UNTOLD.has(field.id) || field.kind === 'boolean' || field.kind === 'flags') return [];
  const { view, size } = rows;
  const counts = new Map<string | number, number>();
  const count = (key: string | number, more = 1) => counts.set(key, (counts.get(key) ?? 0) + more);
  const onWay = field.kind === 'name' ? field.onWay : undefined;
  const onPaths = new Map<number, number>();
  for (let index = Math.max(0, size - ROWS_MAX); index < size; index += 1) {
    const at = rows.offsetOf(index);
    if (field.kind === 'address') {
      const version = addressVersion(view, at);
      if (version === 0) continue;
      const bytes = new Uint8Array(view.buffer, view.byteOffset + at, ROW_BYTES);
      for (const place of field.places) count(ipText(bytes, place, version));
      continue;
    }
    const path = onWay === undefined ? 0 : rowPath(view, at);
    if (isNumbered(path) && path <= book.paths.size) {
      onPaths.set(path, (onPaths.get(path) ?? 0) + 1);
      continue;
    }
    const reads = field.kind === 'name' ? field.keys : field.values;
    let before = Number.NaN;
    for (const read of reads) {
      const key = read(view, at, 0);
      if (!Number.isNaN(key) && key !== before) count(key);
      before = key;
    }
  }
  if (onWay !== undefined)
    for (const [path, rows] of onPaths)
      for (const key of keysOnWay(book.paths, path, onWay)) count(key, rows);
  return told(counts, field, book);
}

function told(
  counts: ReadonlyMap<string | number, number>,
  field: Field,
  book: NameBook,
): readonly Occurring[] {
  const byText = new Map<string, number>();
  for (const [key, count] of counts) {
    const text = valueText(key, field, book);
    byText.set(text, (byText.get(text) ?? 0) + count);
  }
  return [...byText]
    .map(([text, count]) => ({ text, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, field.kind === 'name' ? NAMES_MAX : VALUES_MAX);
}

function valueText(key: string | number, field: Field, book: NameBook): string {
  if (typeof key === 'string') return key;
  if (field.kind === 'name') return field.namesOf(key, book)[0] ?? String(key);
  return field.kind === 'duration' ? formatDuration(key) : String(key);
}
