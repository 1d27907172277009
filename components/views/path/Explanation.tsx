'use client';

import { Check, CircleHelp } from 'lucide-react';
import type { Fact } from '../../../core/messages/facts.ts';
import type { Advice, Certainty, Evidence } from '../../../core/model/diagnosis/index.ts';
import { factSubject } from '../../../core/model/diagnosis/tell.ts';
import { factKey } from '../../../core/model/facts.ts';
import type { Path } from '../../../core/model/hop.ts';
import { selectDecision, selectHop } from '../../state/selection.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { cn } from '../../ui/cn.ts';
import type { Inquiry } from './useDiagnosis.ts';

const CERTAINTIES = {
  known: { icon: Check, meaning: 'The kernel itself said so' },
  likely: { icon: CircleHelp, meaning: 'Read from what the kernel did; it did not say so itself' },
} as const;

export function CertaintyMark({ certainty }: { readonly certainty: Certainty }) {
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

/** @param hop the one itself, or the one before the decision */
type Go = (hop: number, decision: number | undefined) => void;

const goTo: Go = (hop, decision) => (decision === undefined ? selectHop(hop) : selectDecision(decision, hop));

/**
 * What the packet's records say, then what the host says: facts come later, and take the place of the line that says
 * that they are asked for.
 */
export function EvidenceList({
  path,
  evidence,
  inquiry: { pending, failure, again },
  onGo = goTo,
}: {
  readonly path: Path;
  readonly evidence: readonly Evidence[];
  readonly inquiry: Inquiry;
  /** What a line that speaks of a hop or decision leads to; default: it is selected. */
  readonly onGo?: Go;
}) {
  const facts = evidence.filter(({ fact }) => fact !== undefined);
  const records = evidence.filter(({ fact }) => fact === undefined);
  return (
    <ul aria-label="Evidence" aria-busy={pending.length > 0} className="min-w-0 space-y-0.5">
      {records.map((one) => (
        <li key={`${one.hop}/${one.decision}/${one.text}`}>
          <RecordLine path={path} evidence={one} onGo={onGo} />
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
  onGo,
}: {
  readonly path: Path;
  readonly evidence: Evidence;
  readonly onGo: Go;
}) {
  const place = decision === undefined ? hop : path.decisions[decision]?.index;
  if (place === undefined || place < 0)
    return (
      <span className={LINE}>
        <span />
        <span className="text-pretty text-soft">{text}</span>
      </span>
    );
  return (
    <button type="button" className={cn(LINE, 'hover:bg-sunken')} onClick={() => onGo(place, decision)}>
      <span className="text-link">hop {place + 1}</span>
      <span className="text-pretty text-soft">{text}</span>
    </button>
  );
}

/** The host may have changed since the packet was there. */
const readText = ({ readAtUnixMs }: Fact): string =>
  `As the host said at ${new Date(readAtUnixMs).toLocaleTimeString('en-GB')}, after the packet`;

export function AdviceList({ advice }: { readonly advice: readonly Advice[] }) {
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
