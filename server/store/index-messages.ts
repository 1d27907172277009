/** What passes between the thread that keeps sessions and the one that has their indexes. */
import type { Places } from './blocks.ts';
import type { Rows } from './names.ts';
import type { IndexedHeader } from './part-index.ts';
import type { EventTable, RowOf } from './schema.ts';

/** One with its table, of any. */
export type TableRow = { readonly [T in EventTable]: readonly [T, RowOf<T>] }[EventTable];

/** What is asked of an index; the answer is of the kind that PartIndex gives. */
export type IndexQuestion =
  | { readonly kind: 'leave events' }
  | { readonly kind: 'flush' }
  | { readonly kind: 'blocks'; readonly packet: number }
  | { readonly kind: 'places'; readonly packets: Float64Array; readonly max: number }
  | { readonly kind: 'make whole'; readonly names: Rows; readonly header: IndexedHeader }
  | { readonly kind: 'close' };

/** Of the index with that number. */
export type ToIndexes =
  | { readonly type: 'open'; readonly index: number; readonly path: string }
  /** In their order, first rows and then records. */
  | {
      readonly type: 'add';
      readonly index: number;
      readonly rows: readonly TableRow[];
      readonly records: readonly Uint8Array<ArrayBuffer>[];
    }
  | { readonly type: 'ask'; readonly index: number; readonly id: number; readonly question: IndexQuestion };

export type FromIndexes =
  /** What was to be added has been. */
  | { readonly type: 'added'; readonly index: number; readonly rows: number; readonly bytes: number }
  | { readonly type: 'failed'; readonly index: number; readonly why: string }
  | { readonly type: 'answer'; readonly id: number; readonly answer: IndexAnswer }
  | { readonly type: 'refused'; readonly id: number; readonly why: string };

export type IndexAnswer = readonly number[] | Places | undefined;
