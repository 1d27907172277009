'use client';

import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import type { Failure } from '../../../core/base/result.ts';
import { requestCost } from '../../state/socket.ts';
import { addAnswer, type CostAnswers, type CostTable, costTable } from './cost.ts';

const EVERY_MS = 1000;

interface CostState {
  readonly isOn: boolean;
  readonly answers: CostAnswers | undefined;
  readonly failure: Failure | undefined;
}

/** Off at first, since measuring itself costs something. */
export const useCostStore = create<CostState>(() => ({
  isOn: false,
  answers: undefined,
  failure: undefined,
}));

export const setMeasuring = (isOn: boolean): void =>
  useCostStore.setState({ isOn, answers: undefined, failure: undefined });

export interface CostNow {
  readonly isOn: boolean;
  readonly failure: Failure | undefined;
  readonly table: CostTable | undefined;
}

/** Measures while it is switched on and the caller is on screen: the agent stops when it is no longer asked. */
export function useCost(): CostNow {
  const { isOn, answers, failure } = useCostStore();
  useEffect(() => {
    if (!isOn) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const again = async () => {
      const result = await requestCost();
      if (isOver) return;
      if (!result.ok) {
        useCostStore.setState({ isOn: false, failure: result.error });
        return;
      }
      useCostStore.setState(({ answers: known }) => ({ answers: addAnswer(known, result.value) }));
      timer = setTimeout(again, EVERY_MS);
    };
    void again();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isOn]);
  const table = useMemo(() => (answers === undefined ? undefined : costTable(answers)), [answers]);
  return { isOn, failure, table };
}
