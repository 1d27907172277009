'use client';

import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import { type LatencyAnalysis, type LatencySeries, seriesKey } from '../../core/model/latency/result.ts';

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
  readonly cell: CellPlace | undefined;
  readonly isTable: boolean;
}

/** What the view shows and how it was left: a person comes back to it from a path. */
export const useLatencyStore = create<Latency>(() => ({
  session: -1,
  analysis: undefined,
  failure: undefined,
  isPaused: false,
  by: 'place',
  sort: 'p99',
  series: undefined,
  cell: undefined,
  isTable: false,
}));

/** Takes in an answer; a cell of another session is none of this one. */
export function takeLatency(session: number, analysis: LatencyAnalysis): void {
  useLatencyStore.setState((before) => ({
    session,
    analysis,
    failure: undefined,
    cell: before.session === session ? before.cell : undefined,
  }));
}

export const failLatency = (failure: Failure): void => useLatencyStore.setState({ failure });
export const pauseLatency = (isPaused: boolean): void => useLatencyStore.setState({ isPaused });
export const showBy = (by: LatencyBy): void =>
  useLatencyStore.setState({ by, series: undefined, cell: undefined });
export const chooseCell = (cell: CellPlace | undefined): void => useLatencyStore.setState({ cell });

export function chooseSeries(series: LatencySeries): void {
  const now = useLatencyStore.getState().series;
  if (now === undefined || seriesKey(now) !== seriesKey(series))
    useLatencyStore.setState({ series, cell: undefined });
}
