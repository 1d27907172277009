import { Ban, CircleCheck, CircleX, TriangleAlert } from 'lucide-react';
import type { FindingState } from '../../../core/model/doctor/index.ts';
import { cn } from '../../ui/cn.ts';
import { type ProbeState, stateWord } from './probes.ts';

const FINDINGS = {
  ok: { icon: CircleCheck, className: 'text-delivered' },
  limited: { icon: TriangleAlert, className: 'text-lost' },
  missing: { icon: CircleX, className: 'text-dropped' },
} as const;

/** Icon and word: colour never alone. */
export function FindingMark({
  state,
  label = state,
}: {
  readonly state: FindingState;
  readonly label?: string;
}) {
  const { icon: Icon, className } = FINDINGS[state];
  return (
    <span className={cn('inline-flex shrink-0 items-center gap-1 font-medium', className)}>
      <Icon size={12} strokeWidth={2.4} aria-hidden />
      {label}
    </span>
  );
}

const PROBES = {
  attached: { icon: CircleCheck, className: 'text-soft' },
  refused: { icon: CircleX, className: 'font-medium text-dropped' },
  absent: { icon: Ban, className: 'text-muted' },
  off: { icon: Ban, className: 'text-muted' },
} as const;

export function ProbeMark({ state }: { readonly state: ProbeState }) {
  const { icon: Icon, className } = PROBES[state.is];
  return (
    <span
      className={cn('inline-flex items-center gap-1', className)}
      title={state.is === 'refused' ? state.reason : undefined}
    >
      <Icon size={11} aria-hidden />
      {stateWord(state)}
    </span>
  );
}
