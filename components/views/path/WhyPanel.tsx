'use client';

import { Check, ChevronDown, ChevronRight, CircleHelp } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import type { Fact } from '../../../core/messages/facts.ts';
import type { Advice, Certainty, Diagnosis, Evidence, Tone } from '../../../core/model/diagnosis/index.ts';
import { factSubject } from '../../../core/model/diagnosis/tell.ts';
import { factKey } from '../../../core/model/facts.ts';
import type { Path } from '../../../core/model/hop.ts';
import { commands } from '../../state/commands.ts';
import { usePreferences } from '../../state/preferences.ts';
import { selectDecision, selectHop } from '../../state/selection.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { cn } from '../../ui/cn.ts';
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
  const { whyOpen, setWhyOpen } = usePreferences();
  const own = useState(false);
  return isOrdinary ? own : [whyOpen, setWhyOpen];
}

const CERTAINTIES = {
  known: { icon: Check, meaning: 'The kernel itself said so' },
  likely: { icon: CircleHelp, meaning: 'Read from what the kernel did; it did not say so itself' },
} as const;

function CertaintyMark({ certainty }: { readonly certainty: Certainty }) {
  const { icon: Icon, meaning } = CERTAINTIES[certainty];
  return (
    <span
      title={meaning}
      className={cn(
        'inline-flex h-[18px] shrink-0 items-center gap-1 rounded-full border px-1.5 text-2xs text-soft',
        certainty === 'known' ? 'border-control-line' : 'border-dashed border-control-line',
      )}
    >
      <Icon size={10} strokeWidth={2.6} aria-hidden />
      {certainty}
      <span className="sr-only">: {meaning}</span>
    </span>
  );
}

const LINE =
  'grid w-full grid-cols-[3.4rem_minmax(0,1fr)] items-baseline gap-2 rounded-sm text-left outline-offset-[-1px]';

/**
 * What the packet's records say, then what the host says: facts come later, and take the place of the line that says
 * that they are asked for.
 */
function EvidenceList({
  path,
  evidence,
  inquiry: { pending, failure, again },
}: {
  readonly path: Path;
  readonly evidence: readonly Evidence[];
  readonly inquiry: Inquiry;
}) {
  const facts = evidence.filter(({ fact }) => fact !== undefined);
  const records = evidence.filter(({ fact }) => fact === undefined);
  return (
    <ul aria-label="Evidence" aria-busy={pending.length > 0} className="min-w-0 space-y-0.5">
      {records.map((one) => (
        <li key={`${one.hop}/${one.decision}/${one.text}`}>
          <RecordLine path={path} evidence={one} />
        </li>
      ))}
      {facts.map(({ text, fact }) => (
        <li key={`${fact && factKey(fact.query)}/${text}`} className={LINE} title={fact && readText(fact)}>
          <span className="text-muted">host</span>
          <span className="text-pretty text-soft">{text}</span>
        </li>
      ))}
      {pending.map((query) => (
        <li key={factKey(query)} className={cn(LINE, 'text-muted')}>
          <span>host</span>
          <span className="truncate">{factSubject(query)} …</span>
        </li>
      ))}
      {failure !== undefined && (
        <li className={cn(LINE, 'text-muted')}>
          <span>host</span>
          <span className="text-pretty">
            not asked: {failure.message}{' '}
            <button type="button" className="text-link hover:underline" onClick={again}>
              Ask again
            </button>
          </span>
        </li>
      )}
    </ul>
  );
}

/** A line that leads to the hop or decision it speaks of, when there is one. */
function RecordLine({
  path,
  evidence: { text, hop, decision },
}: {
  readonly path: Path;
  readonly evidence: Evidence;
}) {
  const place = decision === undefined ? hop : path.decisions[decision]?.index;
  if (place === undefined || place < 0)
    return (
      <span className={LINE}>
        <span />
        <span className="text-pretty text-soft">{text}</span>
      </span>
    );
  const go = () => (decision === undefined ? selectHop(place) : selectDecision(decision, place));
  return (
    <button type="button" className={cn(LINE, 'hover:bg-sunken')} onClick={go}>
      <span className="text-link">hop {place + 1}</span>
      <span className="text-pretty text-soft">{text}</span>
    </button>
  );
}

/** The host may have changed since the packet was there. */
const readText = ({ readAtUnixMs }: Fact): string =>
  `As the host said at ${new Date(readAtUnixMs).toLocaleTimeString('en-GB')}, after the packet`;

function AdviceList({ advice }: { readonly advice: readonly Advice[] }) {
  if (advice.length === 0) return null;
  return (
    <ul aria-label="What to do" className="min-w-0 space-y-0.5">
      {advice.map(({ text, command }) => (
        <li key={text}>
          <span className="text-pretty text-text">{text}</span>
          {command !== undefined && (
            <span className="flex items-center gap-0.5">
              <code className="min-w-0 rounded-sm bg-sunken px-1.5 py-px font-mono text-2xs break-all text-text">
                {command}
              </code>
              <CopyButton text={() => command} what="the command" className="h-5 w-5 max-sm:h-9 max-sm:w-9" />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
