'use client';

import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import type { LiveStats } from '../../core/messages/browser.ts';
import {
  DEFAULT_AFTER_MS, DEFAULT_LAST_MS, DEFAULT_TIMES, type FreezeOrder, NO_TRIGGER, type TriggerChoice,
} from '../../core/messages/freezing.ts'; // biome-ignore format: a list
import { announce } from './announce.ts';
import { requestFreeze, requestWaitToFreeze } from './socket.ts';

/** What a person is choosing; numbers and names as they are written. */
export interface FreezeDraft {
  readonly lastMs: number;
  readonly afterMs: number;
  readonly times: number;
  readonly isDrop: boolean;
  /** '' for every reason; several with spaces or commas. */
  readonly reasons: string;
  readonly isSlow: boolean;
  readonly slowMs: string;
  readonly newPaths: boolean;
  readonly resets: boolean;
  readonly retransmits: boolean;
  readonly duplicates: boolean;
}

export const EMPTY_DRAFT: FreezeDraft = {
  ...NO_TRIGGER,
  lastMs: DEFAULT_LAST_MS,
  afterMs: DEFAULT_AFTER_MS,
  times: DEFAULT_TIMES,
  isDrop: true,
  reasons: '',
  isSlow: false,
  slowMs: '10',
};

interface Freeze {
  readonly isOpen: boolean;
  readonly draft: FreezeDraft;
  readonly isAsking: boolean;
  /** Why what was asked for last was not done. */
  readonly failure: Failure | undefined;
}

export const useFreeze = create<Freeze>(() => ({
  isOpen: false,
  draft: EMPTY_DRAFT,
  isAsking: false,
  failure: undefined,
}));

const { setState } = useFreeze;

/** What is waited for; null for nothing. */
export const orderOf = (stats: LiveStats | null): FreezeOrder | null =>
  stats === null || stats.freezing.phase === 'off' ? null : stats.freezing.order;

/** Begins with what is waited for, when something is. */
export const openFreeze = (order: FreezeOrder | null): void =>
  setState(({ draft }) => ({
    isOpen: true,
    failure: undefined,
    draft: order === null ? draft : draftOf(order),
  }));
export const closeFreeze = (): void => setState({ isOpen: false });
export const changeFreeze = (change: Partial<FreezeDraft>): void =>
  setState(({ draft }) => ({ draft: { ...draft, ...change } }));

export interface ReadDraft {
  /** Null as long as nothing is chosen, or something is wrong. */
  readonly order: FreezeOrder | null;
  readonly reasonsProblem: string | undefined;
  readonly slowProblem: string | undefined;
}

const SLOW_MS_MAX = 3_600_000;

/** What a draft says; `knows` tells the kernel's drop reasons. */
export function readDraft(draft: FreezeDraft, knows: (reason: string) => boolean): ReadDraft {
  const { lastMs, afterMs, times, newPaths, resets, retransmits, duplicates } = draft;
  const reasons = draft.reasons
    .split(/[\s,]+/)
    .filter((reason) => reason !== '')
    .map((reason) => reason.toUpperCase());
  const strange = reasons.find((reason) => !knows(reason));
  const slowMs = /^\s*\d*\.?\d+\s*$/.test(draft.slowMs) ? Number(draft.slowMs) : Number.NaN;
  const reasonsProblem =
    draft.isDrop && strange !== undefined
      ? `this kernel has no drop reason ${strange.slice(0, 64)}`
      : undefined;
  const slowProblem =
    draft.isSlow && !(slowMs >= 0.001 && slowMs <= SLOW_MS_MAX) ? 'milliseconds, as 10 or 0.5' : undefined;
  const triggers: TriggerChoice = {
    drops: draft.isDrop ? reasons : null,
    slowNs: draft.isSlow ? Math.round(slowMs * 1e6) : null,
    newPaths,
    resets,
    retransmits,
    duplicates,
  };
  const isNothing = !draft.isDrop && !draft.isSlow && !newPaths && !resets && !retransmits && !duplicates;
  const isWrong = isNothing || reasonsProblem !== undefined || slowProblem !== undefined;
  return {
    order: isWrong ? null : { triggers, lastMs, afterMs, times },
    reasonsProblem,
    slowProblem,
  };
}

function draftOf({ triggers, lastMs, afterMs, times }: FreezeOrder): FreezeDraft {
  const { drops, slowNs, ...others } = triggers;
  return {
    ...others,
    lastMs,
    afterMs,
    times,
    isDrop: drops !== null,
    reasons: drops?.join(' ') ?? '',
    isSlow: slowNs !== null,
    slowMs: slowNs === null ? EMPTY_DRAFT.slowMs : String(slowNs / 1e6),
  };
}

/** Keeps the last of the session now. */
export async function freezeNow(): Promise<void> {
  setState({ isAsking: true, failure: undefined });
  const result = await requestFreeze({ lastMs: useFreeze.getState().draft.lastMs });
  setState({ isAsking: false, failure: result.ok ? undefined : result.error });
  if (result.ok) announce('Kept as a recording');
}

/** Has it kept once something happens; null: no longer. */
export async function waitToFreeze(order: FreezeOrder | null): Promise<void> {
  setState({ isAsking: true, failure: undefined });
  const result = await requestWaitToFreeze(order);
  setState({ isAsking: false, failure: result.ok ? undefined : result.error });
}
