'use client';

import { selectPacket, useSelection } from './selection.ts';
import { useSession } from './session.ts';
import { showView, useView, VIEW_IDS, type ViewId } from './view.ts';

/**
 * Where a person is on the page, as the address says it, so that a link or the back button leads there. A packet's
 * number means something only within its session: `session` tells that one from all others.
 */
export interface Place {
  readonly view: ViewId;
  /** 0 for none. */
  readonly packet: number;
  /** '' when it is not known yet. */
  readonly session: string;
}

const NOWHERE: Place = { view: 'packets', packet: 0, session: '' };

/** The query of an address, with `?`; '' for the page as it opens. */
export function placeQuery({ view, packet, session }: Place): string {
  const query = new URLSearchParams();
  if (view !== NOWHERE.view) query.set('view', view);
  if (packet !== 0 && session !== '') {
    query.set('packet', String(packet));
    query.set('session', session);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Takes from a query what it can; anything else is as if it were not there. */
export function readPlace(search: string): Place {
  const query = new URLSearchParams(search);
  const view = VIEW_IDS.find((id) => id === query.get('view')) ?? NOWHERE.view;
  const [packet, session] = [query.get('packet') ?? '', query.get('session') ?? ''];
  return /^\d{1,15}$/.test(packet) && session !== ''
    ? { view, packet: Number(packet), session }
    : { ...NOWHERE, view };
}

/** A session as an address names it: its number, and the capture clock of the source that it belongs to. */
export const sessionName = (session: number, baseUnixMs: number): string =>
  session <= 0 || baseUnixMs <= 0 ? '' : `${session}.${Math.floor(baseUnixMs).toString(36)}`;

/** What the address asked for and the server has not shown yet. */
let wanted = NOWHERE;

/** The packet that the address names, when it is one of this session's; 0 otherwise. Asked once for each session. */
export function packetWanted(session: number): number {
  const name = sessionName(session, useSession.getState().baseUnixMs);
  return wanted.session !== '' && wanted.session === name ? wanted.packet : 0;
}

const here = (): Place => ({
  view: useView.getState().view,
  packet: useSelection.getState().packet,
  session: sessionName(useSession.getState().snapshot?.session ?? 0, useSession.getState().baseUnixMs),
});

function goTo(place: Place): void {
  wanted = place;
  showView(place.view);
  selectPacket(place.session === here().session ? place.packet : 0);
}

/**
 * Goes where the address says, and keeps it true from then on: another view is a step that the back button undoes,
 * another packet is not. Returns the function that ends it.
 */
export function keepPlace(): () => void {
  goTo(readPlace(location.search));
  const write = (isStep: boolean) => {
    const query = placeQuery(here());
    // until the server has told its session, what the address asks for stays in it
    if (query === location.search || here().session === '') return;
    const address = `${location.pathname}${query}`;
    if (isStep) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  };
  const onBack = () => goTo(readPlace(location.search));
  window.addEventListener('popstate', onBack);
  const ends = [
    useView.subscribe(() => write(true)),
    useSelection.subscribe(({ packet }, before) => packet !== before.packet && write(false)),
  ];
  return () => {
    window.removeEventListener('popstate', onBack);
    for (const end of ends) end();
  };
}
