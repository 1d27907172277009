import { useMemo } from 'react';
import type { NamedStep } from '../../../core/model/compare/side.ts';
import type { ComparedWay } from '../../../core/model/compare/ways.ts';
import { formatCount } from '../../../core/model/format.ts';
import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { pairSteps, type StepPair } from './steps.ts';

/** Steps that are drawn; a path has up to 1,024. */
const SHOWN_MAX = 300;

interface PathStepsProps {
  readonly way: ComparedWay;
  /** Of the nearest path of the side that has not this one. */
  readonly beside: readonly NamedStep[];
}

/** Both paths step by step; of one that the other side has not, that beside the nearest there is. */
export function PathSteps({ way, beside }: PathStepsProps) {
  const a = way.a?.steps ?? beside;
  const b = way.b?.steps ?? beside;
  const pairs = useMemo(() => pairSteps(a, b), [a, b]);
  if (pairs === undefined)
    return <p className="p-3 text-muted">They have too little in common to be put beside each other.</p>;
  return (
    <div className="border-t border-line bg-sunken px-3 py-2">
      <p className="pb-1 text-muted">
        {way.kind === 'both'
          ? 'Both have it.'
          : `Beside the nearest path of ${way.kind === 'onlyA' ? 'B' : 'A'}.`}
      </p>
      <table className="w-full table-fixed" aria-label="Steps of both">
        <thead>
          <tr className="text-left text-2xs text-muted">
            <th scope="col" className="w-1/2 py-0.5 font-normal">
              A
            </th>
            <th scope="col" className="w-1/2 py-0.5 pl-2 font-normal">
              B
            </th>
          </tr>
        </thead>
        <tbody>
          {pairs.slice(0, SHOWN_MAX).map((pair, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name than their place
            <tr key={i} data-relation={pair.relation}>
              <StepCell step={pair.a} relation={pair.relation} />
              <StepCell step={pair.b} relation={pair.relation} className="pl-2" />
            </tr>
          ))}
        </tbody>
      </table>
      {pairs.length > SHOWN_MAX && (
        <p className="pt-1 text-muted">
          The first {SHOWN_MAX} of {formatCount(pairs.length)} rows.
        </p>
      )}
    </div>
  );
}

interface StepCellProps {
  readonly step: NamedStep | undefined;
  readonly relation: StepPair['relation'];
  readonly className?: string;
}

function StepCell({ step, relation, className = '' }: StepCellProps) {
  if (step === undefined) return <td className={className} />;
  const { func, reason, netns, device } = step;
  const isDrop = reason !== '';
  const isOther = relation === 'apart';
  return (
    <td className={cn('py-px align-top', className, isOther && (isDrop ? 'bg-dropped-soft' : 'bg-selected'))}>
      <span className="flex min-w-0 flex-wrap items-center gap-x-2">
        <span
          className={cn(
            'min-w-0 break-all',
            isDrop ? 'font-medium text-dropped' : isOther ? 'font-medium text-text' : 'text-soft',
          )}
        >
          {isDrop ? `dropped: ${reason}` : func}
        </span>
        <span
          className={cn(
            'inline-flex items-center gap-1',
            relation === 'elsewhere' ? 'text-lost' : 'text-muted',
          )}
        >
          <NetnsName name={netns} /> {device}
        </span>
      </span>
    </td>
  );
}
