'use client';

import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import { compileDisplay, type DisplayContext, type RowTest } from '../../core/model/display/compile.ts';
import { isUnfinished } from '../../core/model/display/complete.ts';
import { withTerm } from '../../core/model/display/terms.ts';
import { useNames } from './names.ts';
import { packets } from './packets/store.ts';
import { type TimeRange, visible } from './packets/visible.ts';

/** Longer ones are no filter that a person wrote. */
export const DISPLAY_MAX = 2000;

interface Display {
  /** As it is being written. */
  readonly text: string;
  /** The last text that could be read: what is in force in all views. */
  readonly inForce: string;
  readonly problem: Failure | undefined;
  /** null: the whole session. */
  readonly range: TimeRange | null;
}

/** What all views show of what was captured. */
export const useDisplay = create<Display>(() => ({ text: '', inForce: '', problem: undefined, range: null }));

const context = (): DisplayContext => ({ book: useNames.getState().book, originNs: packets.originNs });

/** A filter compiled for the session at hand. */
export const compileFor = (text: string) => compileDisplay(text, context());

/** The filter in force; null lets everything through. */
let test: RowTest | null = null;

/** The person writes: it counts at once, except for a last word that may yet become a field's name. */
export function typeDisplay(text: string): void {
  if (isUnfinished(text)) useDisplay.setState({ text: text.slice(0, DISPLAY_MAX), problem: undefined });
  else setDisplay(text);
}

/** Puts a filter in force, or says what is wrong with it; the last good one then stays. */
export function setDisplay(given: string): void {
  const text = given.slice(0, DISPLAY_MAX);
  const compiled = compileFor(text);
  if (!compiled.ok) {
    useDisplay.setState({ text, problem: compiled.error });
    return;
  }
  const { inForce, range } = useDisplay.getState();
  test = compiled.value;
  useDisplay.setState({ text, inForce: text, problem: undefined });
  if (text.trim() !== inForce.trim()) visible.set(test, range);
}

/** What was written is meant as it stands. */
export const settleDisplay = (): void => setDisplay(useDisplay.getState().text);

/** Adds a term, as `src == 10.1.0.3`, to the filter in force. */
export const addTerm = (term: string, isNot: boolean): void =>
  setDisplay(withTerm(useDisplay.getState().inForce, term, isNot));

/** Shows what was first seen within a range; null: the whole session. */
export function setRange(range: TimeRange | null): void {
  const isSame = (one: TimeRange | null) => one?.fromNs === range?.fromNs && one?.toNs === range?.toNs;
  if (isSame(useDisplay.getState().range)) return;
  useDisplay.setState({ range });
  visible.set(test, range);
}

/** Names are told while a capture runs, and every session has its own first packet. */
const REFRESH_MS = 1000;
let isWaiting = false;

function keepCompiled(): void {
  if (isWaiting || useDisplay.getState().inForce.trim() === '') return;
  isWaiting = true;
  setTimeout(() => {
    isWaiting = false;
    const { inForce, range } = useDisplay.getState();
    const compiled = compileFor(inForce);
    if (!compiled.ok || compiled.value === null) return;
    test = compiled.value;
    visible.set(test, range);
  }, REFRESH_MS);
}
useNames.subscribe(keepCompiled);
packets.onOrigin(keepCompiled);
