'use client';

import { create } from 'zustand';
import { lossReport } from './losses.ts';
import { useSession } from './session.ts';

/** Events lost between two reports of the server. */
export interface LossMark {
  readonly fromNs: number;
  readonly toNs: number;
  readonly events: number;
}
/** The oldest give way. */
const MARKS_MAX = 256;

/** When events were lost, as far as this page was there to see it: the server tells totals only. */
export const useLossMarks = create<{ readonly marks: readonly LossMark[] }>(() => ({ marks: [] }));

let session = -1;
let before: { readonly lost: number; readonly nowNs: number } | undefined;

useSession.subscribe(({ stats, snapshot }) => {
  if (snapshot !== null && snapshot.session !== session) {
    session = snapshot.session;
    before = undefined;
    useLossMarks.setState({ marks: [] });
  }
  if (stats?.nowNs === undefined) return;
  const { nowNs } = stats;
  if (nowNs === before?.nowNs) return;
  const lost = lossReport(stats, 0).lostEvents;
  const events = before === undefined ? 0 : lost - before.lost;
  if (events > 0 && before !== undefined) {
    const mark = { fromNs: before.nowNs, toNs: nowNs, events };
    useLossMarks.setState(({ marks }) => ({ marks: [...marks, mark].slice(-MARKS_MAX) }));
  }
  before = { lost, nowNs };
});
