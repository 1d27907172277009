'use client';

import { useEffect, useState } from 'react';
import { announce } from '../../state/announce.ts';
import { commands } from '../../state/commands.ts';
import { askExport } from '../../state/exports.ts';
import { openFreeze, orderOf } from '../../state/freezing.ts';
import { loadListing } from '../../state/packets/listing.ts';
import { keepPlace } from '../../state/place.ts';
import { loadPreferences } from '../../state/preferences.ts';
import { saveSession } from '../../state/save.ts';
import { exportable, recordingOf, situationOf, useSession } from '../../state/session.ts';
import { connect } from '../../state/socket.ts';
import { showView, useView } from '../../state/view.ts';
import { DisplayBar } from '../display/DisplayBar.tsx';
import { TimeStrip } from '../display/TimeStrip.tsx';
import { ExportDialog } from '../export/ExportDialog.tsx';
import { ExportStrip } from '../export/ExportStrip.tsx';
import { FilterBar } from '../filter/FilterBar.tsx';
import { FreezeDialog } from '../freeze/FreezeDialog.tsx';
import { COMPARE } from '../paths/command.ts';
import { Announcer } from './Announcer.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { loadAll } from './lazy.tsx';
import { NotLetIn } from './NotLetIn.tsx';
import { Palette } from './Palette.tsx';
import { PrintHeader } from './PrintHeader.tsx';
import { RecordingBar } from './RecordingBar.tsx';
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

/** The address says where on the page one is: who has it, and may come in, is there, too. */
async function copyLink(): Promise<void> {
  try {
    await navigator.clipboard.writeText(location.href);
    announce('Copied a link to this view');
  } catch {
    // no clipboard outside https and localhost
    announce('The browser does not let the page copy: the link is the page’s address');
  }
}

/**
 * The whole page: the filter on top, one view of what was captured, and the status line.
 * @param recording that is shown instead of what runs
 */
export function Dashboard({ recording = '' }: { readonly recording?: string }) {
  const { link, snapshot } = useSession();
  const view = useView((state) => state.view);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);

  useEffect(() => {
    loadPreferences();
    loadListing();
    const leave = keepPlace();
    connect(recording);
    loadAll();
    return leave;
  }, [recording]);

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
        id: 'page.save',
        title: 'Save the session as a recording',
        group: 'Page',
        keys: [{ key: 's', mod: true, inFields: true }],
        run: saveSession,
      },
      {
        id: 'page.freeze',
        title: 'Freeze: keep the last seconds, now or when something happens',
        group: 'Page',
        keys: [],
        run: () => openFreeze(orderOf(useSession.getState().stats)),
      },
      {
        id: 'page.export',
        title: 'Export in another format',
        group: 'Page',
        keys: [],
        run: () => askExport(exportable(recording)),
      },
      {
        id: 'page.link',
        title: 'Copy a link to this view',
        group: 'Page',
        keys: [],
        run: copyLink,
      },
      {
        id: 'page.recordings',
        title: 'Recordings: all sessions that are kept',
        group: 'Page',
        keys: [],
        run: () => window.location.assign('/recordings'),
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
  }, [recording]);

  const { Component: View, label } = VIEWS.find(({ id }) => id === view) ?? FIRST;
  const situation = situationOf(link, snapshot);
  if (situation.kind === 'unauthorised') return <NotLetIn error={situation.error} />;
  return (
    <div className="flex h-full flex-col print:block">
      <div data-screen-only className="contents">
        {recordingOf(snapshot) === undefined ? <FilterBar /> : <RecordingBar isBeside={recording !== ''} />}
        <Welcome snapshot={snapshot} />
        <SituationBanner situation={situation} />
        <ExportStrip />
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
      <ExportDialog />
      <FreezeDialog />
      <HelpDialog open={isHelpOpen} onOpenChange={setHelpOpen} />
      <Announcer situation={situation} />
      <Palette open={isPaletteOpen} onOpenChange={setPaletteOpen} />
    </div>
  );
}
