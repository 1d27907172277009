'use client';

import { DISPLAY_MAX, setDisplay, setRange, useDisplay } from './display.ts';
import type { TimeRange } from './packets/visible.ts';
import { isOfSession, PART_MAX, PART_NAMES, type PartName, PLACE_PARTS } from './place-parts.ts';
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
  /** The display filter. */
  readonly filter: string;
  /** Means something only within its session, too; null for all of it. */
  readonly range: TimeRange | null;
  /** What the view has chosen; of parts that are not there nothing is. */
  readonly parts: Readonly<Partial<Record<PartName, string>>>;
}

const NOWHERE: Place = { view: 'packets', packet: 0, session: '', filter: '', range: null, parts: {} };

/** A filter is written letter by letter, a range drawn pixel by pixel: the address follows when that rests. */
const REST_MS = 300;

/** The query of an address, with `?`; '' for the page as it opens. */
export function placeQuery({ view, packet, session, filter, range, parts }: Place): string {
  const query = new URLSearchParams();
  if (view !== NOWHERE.view) query.set('view', view);
  let isBound = false;
  if (packet !== 0 && session !== '') {
    query.set('packet', String(packet));
    isBound = true;
  }
  for (const name of PART_NAMES) {
    const text = parts[name] ?? '';
    if (text === '' || (isOfSession(name) && session === '')) continue;
    query.set(name, text);
    isBound ||= isOfSession(name);
  }
  if (filter.trim() !== '') query.set('q', filter);
  if (range !== null && session !== '') {
    query.set('t', rangeText(range));
    isBound = true;
  }
  if (isBound) query.set('session', session);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** Takes from a query what it can; anything else is as if it were not there. */
export function readPlace(search: string): Place {
  const query = new URLSearchParams(search);
  const view = VIEW_IDS.find((id) => id === query.get('view')) ?? NOWHERE.view;
  const filter = (query.get('q') ?? '').slice(0, DISPLAY_MAX);
  const [packet, session] = [query.get('packet') ?? '', query.get('session') ?? ''];
  const range = session === '' ? null : readRange(query.get('t') ?? '');
  const parts = partsOf(view, (name) => (session === '' && isOfSession(name) ? '' : (query.get(name) ?? '')));
  const isPacket = /^\d{1,15}$/.test(packet) && session !== '';
  const isBound = isPacket || range !== null || PART_NAMES.some((name) => isOfSession(name) && name in parts);
  return isBound
    ? { view, packet: isPacket ? Number(packet) : 0, session, filter, range, parts }
    : { ...NOWHERE, view, filter, parts };
}

/** Parts of the view that say something. */
function partsOf(view: ViewId, textOf: (name: PartName) => string): Place['parts'] {
  const own = PART_NAMES.filter((name) => PLACE_PARTS[name].view === view);
  return Object.fromEntries(
    own.map((name) => [name, textOf(name)] as const).filter(([, text]) => isSound(text)),
  );
}
const isSound = (text: string): boolean => text !== '' && text.length <= PART_MAX;

/** In whole microseconds, outwards, so that nothing at the edges is left out. */
const rangeText = ({ fromNs, toNs }: TimeRange): string =>
  `${Math.floor(fromNs / 1e3)}-${Math.ceil(toNs / 1e3)}`;

function readRange(text: string): TimeRange | null {
  const [, from, to] = /^(\d{1,13})-(\d{1,13})$/.exec(text) ?? [];
  const range = { fromNs: Number(from) * 1e3, toNs: Number(to) * 1e3 };
  return range.fromNs < range.toNs ? range : null;
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

/** The range that the address names, when it is of this session; null otherwise. */
export function rangeWanted(session: number): TimeRange | null {
  const name = sessionName(session, useSession.getState().baseUnixMs);
  return wanted.session !== '' && wanted.session === name ? wanted.range : null;
}

/** What views have chosen of the session before is nothing in this one, but for what the address names of it. */
export function leaveSession(session: number): void {
  if (wanted.session === sessionName(session, useSession.getState().baseUnixMs)) return;
  for (const name of PART_NAMES) if (isOfSession(name)) PLACE_PARTS[name].choose('');
}

const here = (): Place => ({
  view: useView.getState().view,
  packet: useSelection.getState().packet,
  session: sessionName(useSession.getState().snapshot?.session ?? 0, useSession.getState().baseUnixMs),
  filter: useDisplay.getState().inForce,
  range: useDisplay.getState().range,
  parts: partsOf(useView.getState().view, (name) => PLACE_PARTS[name].text()),
});

/** On the way to a place nothing is written of what is between. */
let isGoing = false;

/** @param isFirst what this browser remembers holds for what the address does not say */
function goTo(place: Place, isFirst: boolean): void {
  isGoing = true;
  wanted = place;
  showView(place.view);
  const isElsewhere = !isFirst && place.session !== here().session;
  for (const name of PART_NAMES) {
    const text = isElsewhere && isOfSession(name) ? '' : (place.parts[name] ?? '');
    if (PLACE_PARTS[name].view === place.view && !(isFirst && text === '')) PLACE_PARTS[name].choose(text);
  }
  setDisplay(place.filter);
  setRange(place.session === here().session ? place.range : null);
  selectPacket(place.session === here().session ? place.packet : 0);
  isGoing = false;
}

/**
 * Goes where the address says, and keeps it true from then on: another view is a step that the back button undoes,
 * another packet is not. Returns the function that ends it.
 */
export function keepPlace(): () => void {
  goTo(readPlace(location.search), true);
  const write = (isStep: boolean) => {
    if (isGoing) return;
    const query = placeQuery(here());
    // until the server has told its session, what the address asks for stays in it
    if (query === location.search || here().session === '') return;
    const address = `${location.pathname}${query}`;
    if (isStep) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  };
  let rest: ReturnType<typeof setTimeout> | undefined;
  const writeAtRest = () => {
    clearTimeout(rest);
    rest = setTimeout(() => write(false), REST_MS);
  };
  const onBack = () => goTo(readPlace(location.search), false);
  window.addEventListener('popstate', onBack);
  const ends = [
    useView.subscribe(() => write(true)),
    useSelection.subscribe(({ packet }, before) => packet !== before.packet && write(false)),
    useDisplay.subscribe(
      ({ inForce, range }, before) => (inForce !== before.inForce || range !== before.range) && writeAtRest(),
    ),
    ...PART_NAMES.map((name) => PLACE_PARTS[name].subscribe(() => write(false))),
    () => clearTimeout(rest),
  ];
  return () => {
    window.removeEventListener('popstate', onBack);
    for (const end of ends) end();
  };
}
