/** Wall clocks and long durations, for what lives longer than a packet. */
import { asNs } from '../../../core/base/units.ts';
import { formatClock, formatDuration } from '../../../core/model/format.ts';

/** Local wall clock `14:03:07` of a time in ms since 1970. */
export const clock = (unixMs: number): string => formatClock(asNs(0), unixMs);

/** The same with its day, when that is not `today`: `2026-11-25 14:03:07`. */
export function dayAndClock(unixMs: number, today: Date): string {
  const date = new Date(unixMs);
  if (date.toDateString() === today.toDateString()) return clock(unixMs);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(unixMs)}`;
}

/** `2 h 5 min`, `5 min 3 s`; below a minute as every duration. */
export function formatSpan(ns: number): string {
  const seconds = Math.floor(ns / 1e9);
  if (seconds < 60) return formatDuration(ns);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
