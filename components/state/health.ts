'use client';

import { useEffect, useState } from 'react';
import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import type { Health } from '../../core/messages/browser.ts';
import type { PlannedProgram } from '../../core/messages/source.ts';
import { useSession } from './session.ts';
import { requestHealth, requestPrograms } from './socket.ts';

const EVERY_MS = 1000;

interface HealthState {
  readonly report: Health | undefined;
  /** Hops of the session by function id. */
  readonly hops: Float64Array;
  /** The same in a second, between the last two reports; undefined until there are two of one session. */
  readonly perSecond: Float64Array | undefined;
  readonly failure: Failure | undefined;
}

const NOTHING: HealthState = {
  report: undefined,
  hops: new Float64Array(0),
  perSecond: undefined,
  failure: undefined,
};

/** How the capture is doing; kept up to date while somebody looks. */
export const useHealthStore = create<HealthState>(() => NOTHING);

/** Takes in a report: rates are told against the one before. */
export function takeHealth(report: Health): void {
  const { report: before, hops: earlier } = useHealthStore.getState();
  const hops = new Float64Array(report.hops);
  const seconds = before?.session === report.session ? (report.atUnixMs - before.atUnixMs) / 1000 : 0;
  useHealthStore.setState({
    report,
    hops,
    perSecond:
      seconds > 0 ? hops.map((count, id) => Math.max(0, count - (earlier[id] ?? 0)) / seconds) : undefined,
    failure: undefined,
  });
}

/** The same, asked for once a second while the caller is on screen. */
export function useHealth(): HealthState {
  const isOnline = useSession((state) => state.link.phase === 'online');
  useEffect(() => {
    if (!isOnline) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const again = async () => {
      const result = await requestHealth();
      if (isOver) return;
      if (result.ok) takeHealth(result.value);
      else useHealthStore.setState({ failure: result.error });
      timer = setTimeout(again, EVERY_MS);
    };
    void again();
    return () => {
      isOver = true;
      clearTimeout(timer);
      // a rate over the time in which nobody looked would be none
      useHealthStore.setState({ report: undefined, perSecond: undefined });
    };
  }, [isOnline]);
  return useHealthStore();
}

export type Programs =
  | { readonly phase: 'asked' }
  | { readonly phase: 'told'; readonly programs: readonly PlannedProgram[] }
  | { readonly phase: 'failed'; readonly failure: Failure };

/** Programs beside the probes' one, asked once of each source that comes. */
export function usePrograms(): Programs {
  const source = useSession(({ snapshot }) =>
    snapshot?.source.phase === 'connected'
      ? `${snapshot.source.hello.agentPid}/${snapshot.source.hello.baseUnixMs}`
      : '',
  );
  const [programs, setPrograms] = useState<Programs>({ phase: 'asked' });
  useEffect(() => {
    if (source === '') return;
    let isOver = false;
    setPrograms({ phase: 'asked' });
    requestPrograms().then((result) => {
      if (isOver) return;
      setPrograms(
        result.ok ? { phase: 'told', programs: result.value } : { phase: 'failed', failure: result.error },
      );
    });
    return () => {
      isOver = true;
    };
  }, [source]);
  return programs;
}
