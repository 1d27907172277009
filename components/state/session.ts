'use client';

import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import type { LiveStats, Snapshot, SourceKind } from '../../core/messages/browser.ts';

export type Link =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'online' }
  /** The server does not answer; the socket tries again by itself. */
  | { readonly phase: 'offline'; readonly since: number }
  /** The server refused this page: the token is missing or wrong, or there is no such recording. */
  | { readonly phase: 'unauthorised'; readonly error: Failure };

/** Code of what keeps a recording from being shown. */
export const NO_RECORDING = 'NO_RECORDING';

interface Session {
  readonly link: Link;
  /** The server's last word on source and capture; kept while offline, so that the page can say what was. */
  readonly snapshot: Snapshot | null;
  readonly stats: LiveStats | null;
  /** Wall clock (ms since 1970) at the zero of the records' times; kept while the source is gone. */
  readonly baseUnixMs: number;
}

export const useSession = create<Session>(() => ({
  link: { phase: 'connecting' },
  snapshot: null,
  stats: null,
  baseUnixMs: 0,
}));

/** What the page as a whole is in; views show exactly one of these. */
export type Situation =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'unauthorised'; readonly error: Failure }
  | { readonly kind: 'offline'; readonly since: number }
  | { readonly kind: 'source-starting'; readonly source: SourceKind; readonly note: string }
  | { readonly kind: 'source-gone'; readonly source: SourceKind; readonly note: string }
  | { readonly kind: 'capture-starting' }
  | { readonly kind: 'capture-failed'; readonly code: string; readonly message: string }
  /** A recording: nothing runs, and nothing can. */
  | { readonly kind: 'recorded' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'running' };

/** Folds connection, source and capture into the one thing a person must know, worst first. */
export function situationOf(link: Link, snapshot: Snapshot | null): Situation {
  if (link.phase === 'unauthorised') return { kind: 'unauthorised', error: link.error };
  if (link.phase === 'offline') return { kind: 'offline', since: link.since };
  if (link.phase === 'connecting' || snapshot === null) return { kind: 'connecting' };
  const { source, capture } = snapshot;
  if (source.phase === 'connecting')
    return { kind: 'source-starting', source: source.kind, note: source.note };
  if (source.phase === 'gone') return { kind: 'source-gone', source: source.kind, note: source.note };
  if (source.hello.recording !== undefined) return { kind: 'recorded' };
  if (capture.phase === 'failed') {
    return { kind: 'capture-failed', code: capture.code, message: capture.message };
  }
  if (capture.phase === 'starting') return { kind: 'capture-starting' };
  return capture.phase === 'running' ? { kind: 'running' } : { kind: 'stopped' };
}

/** What is shown when it is a recording: its source as it was. Undefined when it is live, or not known. */
export function recordingOf(snapshot: Snapshot | null) {
  const hello = snapshot?.source.phase === 'connected' ? snapshot.source.hello : undefined;
  return hello?.recording === undefined ? undefined : { hello, ...hello.recording };
}

/** What a saved session, or an export of it, has. */
export const savedText = (stats: LiveStats | null): string =>
  stats === null || stats.keeping.phase === 'on'
    ? 'everything of this session that is on the disk'
    : 'what memory has of this session (it is not kept on the disk)';

/** What an export of this page has: what is shown, `recording` where that is one of those that are kept. */
export function exportable(recording: string) {
  const { snapshot, stats } = useSession.getState();
  return { name: recording, title: recording || (recordingOf(snapshot)?.name ?? sentence(savedText(stats))) };
}

const sentence = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What is shown goes on, or can: it is no recording. */
export const useIsLive = (): boolean => useSession(({ snapshot }) => recordingOf(snapshot) === undefined);

/** What went away and is not back yet. */
export type Missing = '' | 'server' | 'source' | 'capture';

const BACK: Readonly<Record<Missing, string>> = {
  '': '',
  server: 'The server is back',
  source: 'The source is back, and captures',
  capture: 'Capturing',
};

/** What a new situation makes of what was missing, and what to say of it; '' for nothing. */
export function nowMissing(missing: Missing, now: Situation['kind']): { missing: Missing; text: string } {
  switch (now) {
    case 'offline':
      return { missing: 'server', text: '' };
    case 'source-gone':
      return { missing: 'source', text: '' };
    case 'stopped':
      return missing === '' ? { missing: 'capture', text: 'The capture is stopped' } : { missing, text: '' };
    case 'running':
      return { missing: '', text: BACK[missing] };
    default:
      return { missing, text: '' };
  }
}
