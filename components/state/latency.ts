'use client';

import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import { asFuncId } from '../../core/base/units.ts';
import { type LatencyAnalysis, type LatencySeries, seriesKey } from '../../core/model/latency/result.ts';
import type { NameBook } from '../../core/model/names.ts';
import { useNames } from './names.ts';

export const LATENCY_BY = ['place', 'edge', 'whole'] as const;
export type LatencyBy = (typeof LATENCY_BY)[number];
export const LATENCY_SORTS = ['count', 'p50', 'p90', 'p99', 'max', 'total'] as const;
export type LatencySort = (typeof LATENCY_SORTS)[number];

/** A cell as it stays when the time that is shown grows. */
export interface CellPlace {
  readonly atNs: number;
  readonly level: number;
}

interface Latency {
  readonly session: number;
  /** The newest that is shown; undefined before the first answer. */
  readonly analysis: LatencyAnalysis | undefined;
  readonly failure: Failure | undefined;
  readonly isPaused: boolean;
  readonly by: LatencyBy;
  readonly sort: LatencySort;
  /** What the heat map is of; undefined: the first row. */
  readonly series: LatencySeries | undefined;
  /** A person chose the series, or a cell of it; else it is what was the first row when it was first shown. */
  readonly isChosen: boolean;
  /** What the address names, until there are times of it; '' for nothing. */
  readonly wanted: string;
  readonly cell: CellPlace | undefined;
  readonly isTable: boolean;
}

const NONE_CHOSEN = { series: undefined, isChosen: false, wanted: '', cell: undefined } as const;

/** What the view shows and how it was left: a person comes back to it from a path. */
export const useLatencyStore = create<Latency>(() => ({
  session: -1,
  analysis: undefined,
  failure: undefined,
  isPaused: false,
  by: 'place',
  sort: 'p99',
  ...NONE_CHOSEN,
  isTable: false,
}));

/** Takes in an answer, in which what the address names may be for the first time. */
export function takeLatency(session: number, analysis: LatencyAnalysis): void {
  useLatencyStore.setState((before) => ({
    session,
    analysis,
    failure: undefined,
    ...named(before.wanted, analysis),
  }));
}

export const failLatency = (failure: Failure): void => useLatencyStore.setState({ failure });
export const pauseLatency = (isPaused: boolean): void => useLatencyStore.setState({ isPaused });
export const showBy = (by: LatencyBy): void => useLatencyStore.setState({ by, ...NONE_CHOSEN });
export const chooseCell = (series: LatencySeries, cell: CellPlace): void =>
  useLatencyStore.setState({ series, isChosen: true, wanted: '', cell });

export function chooseSeries(series: LatencySeries): void {
  const now = useLatencyStore.getState().series;
  const isSame = now !== undefined && seriesKey(now) === seriesKey(series);
  useLatencyStore.setState({ series, isChosen: true, wanted: '', ...(isSame ? {} : { cell: undefined }) });
}

/** What is first when nobody has chosen stays what is looked at, whatever is first later. */
export const settleOn = (series: LatencySeries): void => useLatencyStore.setState({ series });

/** A series as the address says it, by names, which another capture has, too: `netfilter`, `ip_rcv-nf_hook_slow`. */
function seriesText(series: LatencySeries, names: NameBook): string {
  if (series.kind === 'whole') return 'whole';
  if (series.kind === 'place') return series.place;
  const { from, to, reason } = series;
  const end = reason >= 0 ? `drop.${names.reasonName(reason)}` : names.functionName(asFuncId(to));
  return `${names.functionName(asFuncId(from))}-${end}`;
}

/** The series of that name, chosen; nothing as long as there are no times of it. */
function named(text: string, analysis: LatencyAnalysis | undefined): Partial<Latency> {
  if (text === '' || analysis === undefined) return {};
  const { book } = useNames.getState();
  const { places, edges, whole } = analysis;
  const all = whole === undefined ? [...places, ...edges] : [whole, ...places, ...edges];
  const found = all.find(({ series }) => seriesText(series, book) === text);
  return found === undefined ? {} : { series: found.series, isChosen: true, wanted: '' };
}

/** '' as long as nobody has chosen. */
export function chosenSeries(): string {
  const { series, isChosen, wanted } = useLatencyStore.getState();
  return isChosen && series !== undefined ? seriesText(series, useNames.getState().book) : wanted;
}

/** As {@link chosenSeries} wrote it. */
export const chooseSeriesNamed = (text: string): void =>
  useLatencyStore.setState(({ analysis }) => ({ ...NONE_CHOSEN, wanted: text, ...named(text, analysis) }));

/** The chosen cell: when, in ns of the records' time, and at which level. '' without one. */
export function chosenCell(): string {
  const { cell } = useLatencyStore.getState();
  return cell === undefined ? '' : `${Math.round(cell.atNs)}-${cell.level}`;
}

/** As {@link chosenCell} wrote it; anything else chooses none. */
export function chooseCellNamed(text: string): void {
  const [, at, level] = /^(\d{1,16})-(\d{1,2})$/.exec(text) ?? [];
  const cell = at === undefined ? undefined : { atNs: Number(at), level: Number(level) };
  useLatencyStore.setState({ cell });
}
