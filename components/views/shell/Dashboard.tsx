'use client';

import { useEffect, useState } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { commands } from '../../state/commands.ts';
import { loadPreferences } from '../../state/preferences.ts';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { situationOf, useSession } from '../../state/session.ts';
import { connect } from '../../state/socket.ts';
import { Notice } from '../../ui/Notice.tsx';
import { FilterBar } from '../filter/FilterBar.tsx';
import { PacketList } from '../packets/PacketList.tsx';
import { PathView } from '../path/PathView.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { SituationBanner } from './SituationBanner.tsx';
import { StatusBar } from './StatusBar.tsx';
import { Welcome } from './Welcome.tsx';

const FIELDS = 'input, select, textarea, [contenteditable="true"]';

/** What a press of space or Enter is for when it has the focus, and what arrow keys move in. */
const PRESSED = 'button, summary, a[href], [role="radio"], [role="checkbox"]';
const MOVED = '[role="radio"], [role="checkbox"], [role="combobox"]';

/** The whole page: filter on top, packets, the path of the selected one below, and the status line. */
export function Dashboard() {
  const { link, snapshot } = useSession();
  const packet = useSelection((state) => state.packet);
  const [isHelpOpen, setHelpOpen] = useState(false);

  useEffect(() => {
    loadPreferences();
    connect();
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
      {
        id: 'page.help',
        title: 'Keys and words',
        group: 'Page',
        keys: [{ key: '?' }],
        run: () => setHelpOpen(true),
      },
    ]);
    return () => {
      window.removeEventListener('keydown', onKey);
      off();
    };
  }, []);

  const situation = situationOf(link, snapshot);
  if (situation.kind === 'unauthorised') return <NotLetIn />;
  return (
    <div className="flex h-full flex-col">
      <FilterBar />
      <Welcome snapshot={snapshot} />
      <SituationBanner situation={situation} />
      <main className="min-h-0 flex-1">
        <h1 className="sr-only">skbtracer</h1>
        <Group orientation="vertical" className="h-full">
          <Panel id="packets" minSize="20%" defaultSize={packet === 0 ? '100%' : '36%'}>
            <PacketList />
          </Panel>
          {packet !== 0 && (
            <>
              <Separator className="h-px bg-line-strong outline-offset-[-1px] data-[separator=hover]:h-[3px] data-[separator=hover]:bg-focus" />
              <Panel id="path" minSize="20%" defaultSize="64%">
                <PathView packet={packet} session={snapshot?.session ?? 0} onClose={() => selectPacket(0)} />
              </Panel>
            </>
          )}
        </Group>
      </main>
      <StatusBar onHelp={() => setHelpOpen(true)} />
      <HelpDialog open={isHelpOpen} onOpenChange={setHelpOpen} />
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
