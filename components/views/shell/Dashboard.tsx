'use client';

import { useEffect, useState } from 'react';
import { commands } from '../../state/commands.ts';
import { loadListing } from '../../state/packets/listing.ts';
import { keepPlace } from '../../state/place.ts';
import { loadPreferences } from '../../state/preferences.ts';
import { situationOf, useSession } from '../../state/session.ts';
import { connect } from '../../state/socket.ts';
import { showView, useView } from '../../state/view.ts';
import { Notice } from '../../ui/Notice.tsx';
import { DisplayBar } from '../display/DisplayBar.tsx';
import { TimeStrip } from '../display/TimeStrip.tsx';
import { FilterBar } from '../filter/FilterBar.tsx';
import { COMPARE } from '../paths/command.ts';
import { Announcer } from './Announcer.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { loadAll } from './lazy.tsx';
import { Palette } from './Palette.tsx';
import { PrintHeader } from './PrintHeader.tsx';
import { SituationBanner } from './SituationBanner.tsx';
import { StatusBar } from './StatusBar.tsx';
import { ViewTabs } from './ViewTabs.tsx';
import { VIEWS, viewKey } from './views.tsx';
import { Welcome } from './Welcome.tsx';

const [FIRST] = VIEWS;

const FIELDS = 'input, select, textarea, [contenteditable="true"]';

/** What a press of space or Enter is for when it has the focus, and what arrow keys move in. */
const PRESSED = 'button, summary, a[href], [role="radio"], [role="checkbox"]';
const MOVED = '[role="radio"], [role="checkbox"], [role="combobox"], [role="slider"]';

/** The whole page: the filter on top, one view of what was captured, and the status line. */
export function Dashboard() {
  const { link, snapshot } = useSession();
  const view = useView((state) => state.view);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);

  useEffect(() => {
    loadPreferences();
    loadListing();
    const leave = keepPlace();
    connect();
    loadAll();
    return leave;
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.defaultPrevented || target?.closest('[role="dialog"]')) return;
      if ((event.key === ' ' || event.key === 'Enter') && target?.closest(PRESSED)) return;
      if (event.key.startsWith('Arrow') && target?.closest(MOVED)) return;
      if (commands.press(event, target?.closest(FIELDS) !== null && target !== null)) event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    const off = commands.register([
      ...VIEWS.map(({ id, label, about }) => ({
        id: `view.${id}`,
        title: `${label}: ${about.charAt(0).toLowerCase()}${about.slice(1)}`,
        group: 'Views' as const,
        keys: [{ key: viewKey(id) }],
        run: () => showView(id),
      })),
      COMPARE,
      {
        id: 'page.palette',
        title: 'All commands',
        group: 'Page',
        keys: [{ key: 'k', mod: true, inFields: true }],
        run: () => setPaletteOpen(true),
      },
      {
        id: 'page.help',
        title: 'Keys and words',
        group: 'Page',
        keys: [{ key: '?' }],
        run: () => setHelpOpen(true),
      },
      {
        id: 'page.print',
        title: 'Print the view',
        group: 'Page',
        keys: [{ key: 'p', mod: true, inFields: true }],
        run: () => window.print(),
      },
    ]);
    return () => {
      window.removeEventListener('keydown', onKey);
      off();
    };
  }, []);

  const { Component: View, label } = VIEWS.find(({ id }) => id === view) ?? FIRST;
  const situation = situationOf(link, snapshot);
  if (situation.kind === 'unauthorised') return <NotLetIn />;
  return (
    <div className="flex h-full flex-col print:block">
      <div data-screen-only className="contents">
        <FilterBar />
        <Welcome snapshot={snapshot} />
        <SituationBanner situation={situation} />
      </div>
      <div data-screen-only className="flex shrink-0 flex-wrap items-center border-b border-line bg-raised">
        <ViewTabs />
        <DisplayBar onPalette={() => setPaletteOpen(true)} />
      </div>
      <div data-screen-only className="contents">
        <TimeStrip />
      </div>
      <main className="min-h-0 flex-1">
        <h1 className="sr-only">skbtracer</h1>
        <PrintHeader view={label} />
        <View />
      </main>
      <div data-screen-only className="contents">
        <StatusBar onHelp={() => setHelpOpen(true)} />
      </div>
      <HelpDialog open={isHelpOpen} onOpenChange={setHelpOpen} />
      <Announcer situation={situation} />
      <Palette open={isPaletteOpen} onOpenChange={setPaletteOpen} />
    </div>
  );
}

function NotLetIn() {
  return (
    <Notice title="This page needs its token" level={1}>
      Open the address that skbtracer printed when it started: it ends in{' '}
      <code className="font-mono">?token=…</code>. The token keeps other users and other sites out.
    </Notice>
  );
}
