import { create } from 'zustand';
import type { Failure } from '../../../core/base/result.ts';
import type { SelfTest } from '../../../core/messages/doctor.ts';
import { requestSelfTest } from '../../state/socket.ts';

interface SelfTestState {
  readonly phase: 'idle' | 'running';
  /** The last one; undefined before the first. */
  readonly test: SelfTest | undefined;
  readonly failure: Failure | undefined;
}

/** Outlives the view: who leaves it while the test runs finds the result. */
export const useSelfTestStore = create<SelfTestState>(() => ({
  phase: 'idle',
  test: undefined,
  failure: undefined,
}));

/** Nothing while one runs. */
export async function runSelfTest(): Promise<void> {
  if (useSelfTestStore.getState().phase === 'running') return;
  useSelfTestStore.setState({ phase: 'running', failure: undefined });
  const result = await requestSelfTest();
  useSelfTestStore.setState(
    result.ok
      ? { phase: 'idle', test: result.value }
      : { phase: 'idle', test: undefined, failure: result.error },
  );
}
