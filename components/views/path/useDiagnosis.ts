'use client';

import { useCallback, useEffect, useMemo } from 'react';
import type { Failure } from '../../../core/base/result.ts';
import { asNs, type Ns } from '../../../core/base/units.ts';
import type { FactQuery } from '../../../core/messages/facts.ts';
import { type Diagnosis, diagnose } from '../../../core/model/diagnosis/index.ts';
import type { Path } from '../../../core/model/hop.ts';
import { askFacts, factsKey, forgetFailure, NO_FACTS, openQuestions, useFacts } from '../../state/facts.ts';
import { useNames } from '../../state/names.ts';
import { recordingOf, useSession } from '../../state/session.ts';
import { requestFacts } from '../../state/socket.ts';

/** A packet passed over on the way to another is not worth a question. */
const ASK_AFTER_MS = 200;
const SECOND_NS = 1e9;

export interface Inquiry {
  /** What the host is being asked. */
  readonly pending: readonly FactQuery[];
  readonly failure: Failure | undefined;
  /** Asks once more for what had no answer. */
  readonly again: () => void;
}

/** Why the packet ended, told again as the host answers what would explain it better. */
export function useDiagnosis(
  path: Path | undefined,
  session: number,
  packet: number,
): { readonly diagnosis: Diagnosis | undefined; readonly inquiry: Inquiry } {
  const { book, version } = useNames();
  const key = factsKey(session, packet);
  const known = useFacts((state) => state.packets.get(key) ?? NO_FACTS);
  const nowNs = usePresent(path !== undefined && path.free === undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const diagnosis = useMemo(
    () =>
      path === undefined
        ? undefined
        : diagnose(path, book, known.facts, nowNs === undefined ? {} : { nowNs }),
    [path, book, version, known.facts, nowNs],
  );
  const wants = diagnosis?.wants;
  const ask = useCallback((queries: readonly FactQuery[]) => requestFacts(queries, packet), [packet]);
  useEffect(() => {
    if (wants === undefined || wants.length === 0) return;
    const timer = setTimeout(() => void askFacts(key, wants, ask), ASK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [wants, key, ask]);
  const inquiry = useMemo((): Inquiry => {
    const canAsk = known.isAsking || openQuestions(known, wants ?? []).length > 0;
    return {
      pending: canAsk && known.failure === undefined ? (wants ?? []) : [],
      failure: wants === undefined || wants.length === 0 ? undefined : known.failure,
      again: () => {
        forgetFailure(key);
        void askFacts(key, wants ?? [], ask);
      },
    };
  }, [known, wants, key, ask]);
  return { diagnosis, inquiry };
}

/**
 * The present in the records' time, in whole seconds; undefined while nobody asks, or when nothing is captured. In another tool's
 * capture there is none: a packet may have ended where that did not look.
 */
function usePresent(isAsked: boolean): Ns | undefined {
  const seconds = useSession(({ stats, snapshot }) =>
    isAsked &&
    recordingOf(snapshot)?.hello.imported === undefined &&
    snapshot?.capture.phase === 'running' &&
    stats?.nowNs !== undefined
      ? Math.floor(stats.nowNs / SECOND_NS)
      : undefined,
  );
  return seconds === undefined ? undefined : asNs(seconds * SECOND_NS);
}
