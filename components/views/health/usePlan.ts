'use client';

import { useCallback, useState } from 'react';
import type { CaptureState, ProbePlan } from '../../../core/messages/source.ts';
import { adoptProbes } from '../../state/draft.ts';
import { requestApply } from '../../state/socket.ts';

export interface PlanSwitch {
  /** Puts another plan in force, with the filter that runs; one at a time. */
  readonly change: (probes: ProbePlan) => void;
  readonly isBusy: boolean;
  /** Why the last one was refused, '' when it was not. */
  readonly problem: string;
}

/** The probe plan of the capture that runs. */
export function usePlan(capture: CaptureState | undefined): PlanSwitch {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const running = capture?.phase === 'running' ? capture.spec : undefined;
  const change = useCallback(
    async (probes: ProbePlan) => {
      if (running === undefined) return;
      setBusy(true);
      setProblem('');
      adoptProbes(probes);
      const result = await requestApply({ ...running, probes });
      setBusy(false);
      if (result.ok) return;
      adoptProbes(running.probes);
      setProblem(result.error.message);
    },
    [running],
  );
  return { change, isBusy, problem };
}
