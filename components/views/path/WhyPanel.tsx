'use client';

import { Check, ChevronDown, ChevronRight, CircleHelp } from 'lucide-react';
import { useEffect, useId } from 'react';
import type { Path } from '../../../core/model/hop.ts';
import { commands } from '../../state/commands.ts';
import { usePreferences } from '../../state/preferences.ts';
import { selectDecision, selectHop } from '../../state/selection.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { cn } from '../../ui/cn.ts';
import type { Explanation } from './why.ts';

interface WhyPanelProps {
  readonly path: Path;
  readonly explanation: Explanation;
  /** Marks the panel with the colour of drops. */
  readonly isDrop: boolean;
}

/** Why the packet ended as it did: one sentence always, the evidence and what to do when it is open. */
export function WhyPanel({ path, explanation, isDrop }: WhyPanelProps) {
  const { whyOpen, setWhyOpen } = usePreferences();
  const bodyId = useId();
  const { title, certainty, evidence, advice } = explanation;
  const hasBody = evidence.length > 0 || advice.length > 0;
  useEffect(
    () =>
      commands.register([
        { id: 'path.why', title: 'Open or close the explanation', group: 'Path', keys: [{ key: 'y' }], enabled: () => hasBody, run: () => setWhyOpen(!whyOpen) },
      ]), // biome-ignore format: a table
    [whyOpen, setWhyOpen, hasBody],
  );
  const Chevron = whyOpen ? ChevronDown : ChevronRight;
  return (
    <section
      aria-label="Why"
      className={cn(
        'flex max-h-[45%] min-h-0 shrink-0 flex-col border-b border-line bg-raised',
        isDrop && 'shadow-[inset_3px_0_0_var(--dropped)]',
      )}
    >
      <div className="flex min-h-[30px] shrink-0 items-center gap-2 py-1 pr-2 pl-3">
        {hasBody && (
          <button
            type="button"
            aria-expanded={whyOpen}
            aria-controls={whyOpen ? bodyId : undefined}
            title={`${whyOpen ? 'Close' : 'Open'} the explanation (y)`}
            className="-ml-1 inline-flex shrink-0 items-center gap-1 rounded-sm text-muted hover:text-text"
            onClick={() => setWhyOpen(!whyOpen)}
          >
            <Chevron size={13} aria-hidden /> Why
          </button>
        )}
        <h3 className={cn('min-w-0 text-xs font-semibold text-pretty', !whyOpen && 'truncate')} title={title}>
          {title}
        </h3>
        <Certainty certainty={certainty} />
      </div>
      {hasBody && whyOpen && (
        <div
          id={bodyId}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          role="group"
          aria-label="Evidence and advice"
          className="grid max-h-28 min-h-0 gap-x-6 gap-y-1 overflow-y-auto px-3 pb-1.5 outline-offset-[-2px] sm:grid-cols-2"
        >
          <Evidence path={path} evidence={evidence} />
          <Advice advice={advice} />
        </div>
      )}
    </section>
  );
}

const CERTAINTIES = {
  known: { icon: Check, meaning: 'The kernel itself said so' },
  likely: { icon: CircleHelp, meaning: 'Read from what the kernel did; it did not say so itself' },
} as const;

function Certainty({ certainty }: { readonly certainty: Explanation['certainty'] }) {
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

const EVIDENCE =
  'grid w-full grid-cols-[3.4rem_minmax(0,1fr)] items-baseline gap-2 rounded-sm text-left outline-offset-[-1px]';

function Evidence({ path, evidence }: { readonly path: Path; readonly evidence: Explanation['evidence'] }) {
  if (evidence.length === 0) return null;
  return (
    <ul aria-label="Evidence" className="min-w-0 space-y-0.5">
      {evidence.map(({ text, hop, decision }) => {
        const place = decision === undefined ? hop : path.decisions[decision]?.index;
        const go = () =>
          decision === undefined ? selectHop(hop ?? -1) : selectDecision(decision, place ?? -1);
        return (
          <li key={`${hop}/${decision}/${text}`}>
            {place === undefined || place < 0 ? (
              <span className={EVIDENCE}>
                <span />
                <span className="text-pretty text-soft">{text}</span>
              </span>
            ) : (
              <button type="button" className={cn(EVIDENCE, 'hover:bg-hover')} onClick={go}>
                <span className="text-link">hop {place + 1}</span>
                <span className="text-pretty text-soft">{text}</span>
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Advice({ advice }: { readonly advice: Explanation['advice'] }) {
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
