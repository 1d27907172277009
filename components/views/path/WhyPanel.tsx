'use client';

import { ChevronDown, ChevronRight } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import type { Diagnosis, Tone } from '../../../core/model/diagnosis/index.ts';
import type { Path } from '../../../core/model/hop.ts';
import { commands } from '../../state/commands.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { cn } from '../../ui/cn.ts';
import { AdviceList, CertaintyMark, EvidenceList } from './Explanation.tsx';
import type { Inquiry } from './useDiagnosis.ts';

interface WhyPanelProps {
  readonly path: Path;
  readonly diagnosis: Diagnosis;
  readonly inquiry: Inquiry;
}

const EDGES: Readonly<Record<Tone, string>> = {
  problem: 'shadow-[inset_3px_0_0_var(--dropped)]',
  notice: 'shadow-[inset_3px_0_0_var(--in-flight)]',
  ordinary: '',
};

/**
 * Why the packet ended as it did: one sentence always, the evidence and what to do when it is open. An ordinary end
 * stays closed until it is opened, for that packet only.
 */
export function WhyPanel({ path, diagnosis, inquiry }: WhyPanelProps) {
  const { title, certainty, evidence, advice, tone } = diagnosis;
  const isOrdinary = tone === 'ordinary';
  const hasEvidence = evidence.length > 0 || inquiry.pending.length > 0 || inquiry.failure !== undefined;
  const hasBody = hasEvidence || advice.length > 0;
  const [isOpen, setOpen] = useOpen(isOrdinary);
  const bodyId = useId();
  useEffect(
    () =>
      commands.register([
        { id: 'path.why', title: 'Open or close the explanation', group: 'Path', keys: [{ key: 'y' }], enabled: () => hasBody, run: () => setOpen(!isOpen) },
      ]), // biome-ignore format: a table
    [isOpen, setOpen, hasBody],
  );
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <section
      aria-label="Why"
      data-tone={tone}
      className={cn(
        'flex max-h-[45%] min-h-0 shrink-0 flex-col border-b border-line',
        isOrdinary ? 'bg-surface' : 'bg-raised',
        EDGES[tone],
      )}
    >
      <div
        className={cn(
          'flex shrink-0 items-center gap-2 pr-2 pl-3',
          isOrdinary ? 'min-h-[26px]' : 'min-h-[30px] py-1',
        )}
      >
        {hasBody && (
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={isOpen ? bodyId : undefined}
            title={`${isOpen ? 'Close' : 'Open'} the explanation (y)`}
            className="-ml-1 inline-flex shrink-0 items-center gap-1 rounded-sm text-muted hover:text-text"
            onClick={() => setOpen(!isOpen)}
          >
            <Chevron size={13} aria-hidden /> Why
          </button>
        )}
        <h3
          className={cn(
            'min-w-0 text-xs text-pretty',
            isOrdinary ? 'text-soft' : 'font-semibold',
            !isOpen && 'truncate',
          )}
          title={title}
        >
          {title}
        </h3>
        {(!isOrdinary || certainty === 'likely') && <CertaintyMark certainty={certainty} />}
      </div>
      {hasBody && isOpen && (
        <div
          id={bodyId}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          role="group"
          aria-label="Evidence and advice"
          className={cn(
            'grid max-h-28 min-h-0 gap-x-6 gap-y-1 overflow-y-auto px-3 pb-1.5 outline-offset-[-2px]',
            hasEvidence && advice.length > 0 && 'sm:grid-cols-2',
          )}
        >
          {hasEvidence && <EvidenceList path={path} evidence={evidence} inquiry={inquiry} />}
          <AdviceList advice={advice} />
        </div>
      )}
    </section>
  );
}

/** Explanations of problems are open or closed as they were left; one of an ordinary end only when it was opened. */
function useOpen(isOrdinary: boolean): readonly [isOpen: boolean, setOpen: (isOpen: boolean) => void] {
  const whyOpen = usePreferences((state) => state.whyOpen);
  const own = useState(false);
  return isOrdinary ? own : [whyOpen, (isOpen: boolean) => prefer({ whyOpen: isOpen })];
}
