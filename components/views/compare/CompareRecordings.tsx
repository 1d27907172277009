'use client';

import { ArrowLeftRight } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { compareSides } from '../../../core/model/compare/compare.ts';
import { probedByOne } from '../../../core/model/compare/ways.ts';
import {
  comparePage, compareRecordings, SIDE_KEYS, type SideKey, type SideState, useCompare,
} from '../../state/compare.ts'; // biome-ignore format: a list
import { loadPreferences } from '../../state/preferences.ts';
import { ButtonLink } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import { titleOf } from '../recordings/title.ts';
import { NotLetIn } from '../shell/NotLetIn.tsx';
import { Endings } from './Endings.tsx';
import { ComparedPaths } from './Paths.tsx';
import { Services } from './Services.tsx';
import { SideTitle } from './SideTitle.tsx';
import { Times } from './Times.tsx';
import { caveats, headline } from './text.ts';

type Names = Readonly<Record<SideKey, string>>;
type Ready = Extract<SideState, { readonly phase: 'ready' }>;

/** Two recordings: what is different? `a` is what was before, as the page of all recordings puts them. */
export function CompareRecordings({ a, b }: Names) {
  const isPair = a !== '' && b !== '' && a !== b;
  useEffect(loadPreferences, []);
  useEffect(() => (isPair ? compareRecordings({ a, b }) : undefined), [a, b, isPair]);
  return (
    <div className="flex h-full flex-col">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-3 py-2 text-xs">
        <img src="/icon.svg" alt="" width={18} height={18} className="shrink-0" />
        <h1 className="text-sm font-semibold">Compare recordings</h1>
        <span className="ml-auto flex gap-1.5">
          {isPair && (
            <ButtonLink href={comparePage(b, a)} title="A becomes B, and B becomes A">
              <ArrowLeftRight size={12} aria-hidden /> Swap
            </ButtonLink>
          )}
          <ButtonLink href="/recordings">All recordings</ButtonLink>
        </span>
      </header>
      <main className="min-h-0 flex-1 overflow-auto">
        {isPair ? (
          <Pair a={a} b={b} />
        ) : (
          <Notice title={a !== '' && a === b ? 'That is one recording twice' : 'Two recordings are needed'}>
            Select two in the list of all recordings, and press Compare.
          </Notice>
        )}
      </main>
    </div>
  );
}

function Pair(names: Names) {
  const states = useCompare();
  const { a, b } = states;
  const failed = SIDE_KEYS.find((key) => states[key].phase === 'failed');
  if (failed !== undefined) return <Failed state={states[failed]} name={names[failed]} />;
  if (a.phase === 'ready' && b.phase === 'ready') return <Whole names={names} a={a} b={b} />;
  if (a.phase === 'offline' || b.phase === 'offline')
    return <Notice title="The server does not answer">The page tries again by itself.</Notice>;
  return (
    <Notice title="Reading both recordings">
      <ul className="space-y-1.5 pt-1 text-left text-xs">
        {SIDE_KEYS.map((key) => (
          <li key={key} className="flex items-center gap-2 tabular-nums">
            <span className="min-w-0 flex-1 truncate">{titleOf(names[key]).text}</span>
            <Reading state={states[key]} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Reading({ state }: { readonly state: SideState }) {
  if (state.phase === 'ready') return <span>read</span>;
  const share = state.phase === 'reading' ? state.share : undefined;
  if (share === undefined) return <span>being read</span>;
  return (
    <>
      <progress value={share} className="h-1.5 w-24" aria-hidden />
      <span className="w-10 text-right">{Math.floor(100 * share)} %</span>
    </>
  );
}

function Failed({ state, name }: { readonly state: SideState; readonly name: string }) {
  if (state.phase !== 'failed') return null;
  if (state.failure.code === 'NO_TOKEN') return <NotLetIn error={state.failure} />;
  return (
    <Notice
      title={`${titleOf(name).text} cannot be compared`}
      action={<ButtonLink href="/recordings">All recordings</ButtonLink>}
    >
      <span className="break-words">{state.failure.message}</span>
    </Notice>
  );
}

function Whole({ names, a, b }: { readonly names: Names; readonly a: Ready; readonly b: Ready }) {
  const [withPlaces, setWithPlaces] = useState(false);
  const comparison = useMemo(
    () =>
      compareSides(a.side, b.side, {
        withPlaces,
        ignored: probedByOne(a.about.probed, b.about.probed),
      }),
    [a, b, withPlaces],
  );
  const notes = caveats(a.about, b.about);
  return (
    <div className="mx-auto flex max-w-[88rem] flex-col gap-4 p-3 text-xs">
      <div className="grid gap-2 md:grid-cols-2">
        <SideTitle letter="A" name={names.a} about={a.about} of={a.side} />
        <SideTitle letter="B" name={names.b} about={b.about} of={b.side} />
      </div>
      {notes.length > 0 && (
        <section
          aria-label="How they were recorded"
          className="rounded-md border border-line bg-lost-soft px-3 py-1.5"
        >
          <ul className="text-lost">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      <p role="status" className="text-sm font-medium text-pretty">
        {headline(comparison)}
      </p>
      <Endings names={names} comparison={comparison} />
      <ComparedPaths
        names={names}
        ways={comparison.ways}
        sides={{ a: a.side, b: b.side }}
        match={
          <Toggle
            label="Namespaces and interfaces must be the same"
            title="Off: functions and drops alone make a path, as of two hosts; namespaces count by the order of visit"
            checked={withPlaces}
            onChecked={setWithPlaces}
          />
        }
      />
      <Times names={names} times={comparison.times} a={a.side} b={b.side} />
      <Services names={names} services={comparison.services} />
    </div>
  );
}
