'use client';

import { useMemo } from 'react';
import type { Path } from '../../../core/model/hop.ts';
import { useNames } from '../../state/names.ts';
import { useSelection } from '../../state/selection.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { decisionDetails, detailsText, hopDetails, type Section } from './details.ts';
import { labelOf } from './layout.ts';

/** Everything that is known at the hop under the cursor; without one, at the last hop. */
export function Details({ path }: { readonly path: Path }) {
  const { book } = useNames();
  const index = useHopIndex(path);
  const sections = useSections(path, index);
  const hop = path.hops[index];
  return (
    <section aria-label="Details of the selected hop" className="flex h-full min-h-0 flex-col">
      <div className="flex h-6 shrink-0 items-center gap-2 border-b border-line bg-raised pr-1 pl-2">
        <h3 className="min-w-0 truncate text-2xs text-muted">
          {hop === undefined ? 'Details' : `Hop ${index + 1}, ${labelOf(hop, book)}`}
        </h3>
        {sections.length > 0 && (
          <span className="ml-auto flex">
            <CopyButton
              text={() => detailsText(sections)}
              what="the details"
              className="h-5 w-5 max-sm:h-9 max-sm:w-9"
            />
          </span>
        )}
      </div>
      <div
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        role="group"
        aria-label="What is known of the packet there"
        className="@container min-h-0 flex-1 overflow-y-auto px-2 py-1.5 outline-offset-[-2px]"
      >
        {sections.length === 0 ? (
          <p className="text-muted">No hop of this packet was seen.</p>
        ) : (
          <div className="columns-1 gap-6 @2xl:columns-2 @5xl:columns-3">
            {sections.map((section) => (
              <SectionView key={section.title} section={section} />
            ))}
          </div>
        )}
      </div>
    </section>
  );
}

function SectionView({ section: { title, about, terms } }: { readonly section: Section }) {
  return (
    <section className="mb-2 break-inside-avoid">
      <h4 className="text-2xs font-semibold text-soft">{title}</h4>
      {about !== undefined && <p className="mb-1 text-2xs text-pretty text-soft">{about}</p>}
      <dl className="grid grid-cols-[max-content_minmax(0,1fr)] items-baseline gap-x-3 text-2xs">
        {terms.map(({ name, value, was }) => (
          <div key={name} className="contents">
            <dt className={was === undefined ? 'text-muted' : 'font-medium text-text'}>{name}</dt>
            <dd className="min-w-0 font-mono break-words text-text">
              {was === undefined ? value : <Changed was={was} value={value} />}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** A field that this hop sees changed: old → new, set off from those that are as they were. */
function Changed({ was, value }: { readonly was: string; readonly value: string }) {
  return (
    <span className="-ml-1 rounded-sm bg-match px-1">
      <span className="sr-only">changed from </span>
      <span className="text-soft">{was}</span> → <span className="font-semibold">{value}</span>
    </span>
  );
}

function useHopIndex(path: Path): number {
  const { hop, decision } = useSelection();
  return hop < 0 && decision < 0 ? path.hops.length - 1 : hop;
}

function useSections(path: Path, index: number): Section[] {
  const { book, version } = useNames();
  const at = useSelection((state) => state.decision);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  return useMemo(() => {
    const hop = path.hops[index];
    const decision = path.decisions[at];
    return [
      ...(decision === undefined ? [] : [decisionDetails(decision, book)]),
      ...(hop === undefined ? [] : hopDetails(hop, book, path.hops[0]?.timeNs ?? 0)),
    ];
  }, [path, book, version, index, at]);
}
