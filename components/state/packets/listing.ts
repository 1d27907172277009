'use client';

import { create } from 'zustand';
import { remember, remembered } from '../storage.ts';
import { GROUPINGS, type Grouping } from './groups.ts';
import { BY_ARRIVAL, type Sorting } from './order.ts';

export const COLUMN_IDS = [
  'time', 'offset', 'packet', 'netns', 'interfaces', 'source', 'destination', 'ports', 'protocol', 'flags', 'length',
  'hops', 'duration', 'func', 'lineage', 'verdict',
] as const; // biome-ignore format: a list
export type ColumnId = (typeof COLUMN_IDS)[number];

const DEFAULT_COLUMNS: readonly ColumnId[] = [
  'time', 'netns', 'source', 'destination', 'protocol', 'length', 'hops', 'duration', 'verdict',
]; // biome-ignore format: a list
/** What a phone has room for. */
const NARROW_COLUMNS: readonly ColumnId[] = ['source', 'destination', 'verdict'];
const NARROW = '(max-width: 639px)';

export const TINTS = ['amber', 'rose', 'sky', 'green', 'violet', 'grey'] as const;
export type Tint = (typeof TINTS)[number];

/** Rows that pass the display filter get the background; the first rule that fits counts. */
export interface ColourRule {
  readonly filter: string;
  readonly tint: Tint;
}
export const RULES_MAX = 12;

interface Listing {
  readonly columns: readonly ColumnId[];
  readonly grouping: Grouping;
  readonly sorting: Sorting;
  readonly rules: readonly ColourRule[];
}

/** How this browser lists packets; remembered, all but the order. */
export const useListing = create<Listing>(() => ({
  columns: DEFAULT_COLUMNS,
  grouping: 'none',
  sorting: BY_ARRIVAL,
  rules: [],
}));

/** Shown and hidden in the order of the table, or as the person moved them. At least one stays. */
export function setColumns(columns: readonly ColumnId[]): void {
  if (columns.length === 0) return;
  remember('columns', columns.join(' '));
  useListing.setState({ columns });
}

export function resetColumns(): void {
  remember('columns', '');
  useListing.setState({ columns: defaultColumns() });
}

export function setGrouping(grouping: Grouping): void {
  remember('grouping', grouping);
  useListing.setState({ grouping });
}

export const setSorting = (sorting: Sorting): void => useListing.setState({ sorting });

export function setRules(rules: readonly ColourRule[]): void {
  const kept = rules.slice(0, RULES_MAX);
  remember('colours', JSON.stringify(kept));
  useListing.setState({ rules: kept });
}

/** Takes in what was remembered; called once in the browser. */
export function loadListing(): void {
  useListing.setState({
    columns: readColumns(remembered('columns') ?? '') ?? defaultColumns(),
    grouping: GROUPINGS.find((one) => one === remembered('grouping')) ?? 'none',
    rules: readRules(remembered('colours') ?? '[]'),
  });
}

const defaultColumns = () => (matchMedia(NARROW).matches ? NARROW_COLUMNS : DEFAULT_COLUMNS);

/** Undefined when nothing that is a column is in it. */
export function readColumns(text: string): readonly ColumnId[] | undefined {
  const words = new Set(text.split(' '));
  const columns = [...words].flatMap((word) => COLUMN_IDS.filter((id) => id === word));
  return columns.length === 0 ? undefined : columns;
}

/** What no page of ours wrote is passed over. */
export function readRules(text: string): readonly ColourRule[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(given)) return [];
  return given.slice(0, RULES_MAX).flatMap((rule: unknown) => {
    if (typeof rule !== 'object' || rule === null || !('filter' in rule) || !('tint' in rule)) return [];
    const tint = TINTS.find((one) => one === rule.tint);
    return typeof rule.filter === 'string' && tint !== undefined ? [{ filter: rule.filter, tint }] : [];
  });
}

/** A column after a move by one place among those that are shown. */
export function movedColumn(columns: readonly ColumnId[], id: ColumnId, by: -1 | 1): readonly ColumnId[] {
  const from = columns.indexOf(id);
  const to = from + by;
  const other = columns[to];
  if (from < 0 || other === undefined) return columns;
  return columns.map((one, i) => (i === from ? other : i === to ? id : one));
}

/** A column put where the table has it by default. */
export function withColumn(columns: readonly ColumnId[], id: ColumnId): readonly ColumnId[] {
  const place = COLUMN_IDS.indexOf(id);
  const after = columns.findIndex((one) => COLUMN_IDS.indexOf(one) > place);
  return after < 0 ? [...columns, id] : [...columns.slice(0, after), id, ...columns.slice(after)];
}
