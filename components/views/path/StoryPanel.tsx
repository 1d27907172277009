'use client';

import { ArrowLeftRight, Clock } from 'lucide-react';
import { Fragment, useEffect, useRef } from 'react';
import { formatDuration } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { type Rest, type StoryStep, storyText } from '../../../core/model/story/index.ts';
import { hueOf } from '../../state/hue.ts';
import { useNames } from '../../state/names.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { cn } from '../../ui/cn.ts';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { selectStep, useCurrentStep } from './useStory.ts';

interface StoryPanelProps {
  readonly path: Pick<Path, 'decisions'>;
  readonly steps: readonly StoryStep[];
  /** Of a path that is not told whole. */
  readonly rest?: Rest | undefined;
}

/** What happened to the packet, in numbered steps; a click puts the cursor on the step's hops. */
export function StoryPanel({ path, steps, rest }: StoryPanelProps) {
  const list = useRef<HTMLOListElement>(null);
  const current = useCurrentStep(steps);

  useEffect(() => {
    const isBehind = rest !== undefined && current >= rest.before;
    list.current?.children[isBehind ? current + 1 : current]?.scrollIntoView({ block: 'nearest' });
  }, [current, rest]);

  return (
    <section aria-label="Story" className="flex h-full min-h-0 flex-col">
      <div className="flex h-6 shrink-0 items-center gap-2 border-b border-line bg-raised pr-1 pl-2">
        <h3 className="min-w-0 truncate text-2xs text-muted">Story</h3>
        {steps.length > 0 && (
          <span className="ml-auto flex">
            <CopyButton
              text={() => storyText(steps, rest)}
              what="the story"
              className="h-5 w-5 max-sm:h-9 max-sm:w-9"
            />
          </span>
        )}
      </div>
      {steps.length === 0 ? (
        <p className="p-2 text-xs text-muted">No hop of this packet was seen, so there is nothing to tell.</p>
      ) : (
        <ol ref={list} className="min-h-0 flex-1 overflow-y-auto">
          {steps.map((step, i) => (
            <Fragment key={step.from}>
              {rest?.before === i && (
                <li className="border-y border-line bg-raised px-2 py-1 text-xs text-pretty text-soft">
                  {rest.text}
                </li>
              )}
              <Step
                step={step}
                number={i + 1}
                isCurrent={i === current}
                onPick={() => selectStep(path, step)}
              />
            </Fragment>
          ))}
        </ol>
      )}
    </section>
  );
}

interface StepProps {
  readonly step: StoryStep;
  readonly number: number;
  readonly isCurrent: boolean;
  readonly onPick: () => void;
}

function Step({ step, number, isCurrent, onPick }: StepProps) {
  const { book } = useNames();
  const { text, notes, tone, ended, from, to, tookNs, netns } = step;
  const hops = from === to ? `hop ${from + 1}` : `hops ${from + 1} to ${to + 1}`;
  const isDropped = ended === 'dropped';
  return (
    <li>
      <button
        type="button"
        aria-current={isCurrent ? 'step' : undefined}
        title={`${hops}${netns === 0 ? '' : `, ${book.netnsName(netns)}`}`}
        onClick={onPick}
        className={cn(
          'grid w-full grid-cols-[3px_1.35rem_minmax(0,1fr)_auto] items-start gap-x-1.5 pr-2 text-left text-xs outline-offset-[-2px] max-sm:min-h-9',
          isCurrent ? 'bg-selected' : isDropped ? 'bg-dropped-soft' : 'hover:bg-hover',
        )}
      >
        <span
          aria-hidden
          className={cn('h-full', netns !== 0 && 'bg-hue')}
          style={{ '--hue': hueOf(book.netnsName(netns)) } as React.CSSProperties}
        />
        <span className="pt-1 text-right text-2xs leading-4 text-muted">{number}</span>
        <span className="min-w-0 py-1">
          <span
            className={cn(
              'text-pretty break-words',
              tone === 'change' && 'font-medium',
              isDropped && 'font-medium text-dropped',
            )}
          >
            {tone === 'change' && (
              <ArrowLeftRight size={11} aria-hidden className="mr-1 inline align-[-1px] text-muted" />
            )}
            {text}
          </span>
          {ended !== undefined && !isDropped && (
            <span className="ml-2 inline-flex align-bottom">
              <VerdictBadge verdict={ended} />
            </span>
          )}
          {notes.map((note) => (
            <span key={note} className="block text-2xs text-pretty break-words text-muted">
              {note}
            </span>
          ))}
        </span>
        <span
          className={cn(
            'inline-flex items-center gap-1 pt-1 text-2xs leading-4 whitespace-nowrap',
            tone === 'slow' ? 'font-semibold text-lost' : 'text-muted',
          )}
        >
          {tone === 'slow' && <Clock size={10} role="img" aria-label="slow" />}
          {formatDuration(tookNs)}
        </span>
      </button>
    </li>
  );
}
