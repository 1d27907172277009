'use client';

import { io, type Socket } from 'socket.io-client';
import { create } from 'zustand';
import type { Failure, Result } from '../../core/base/result.ts';
import { check } from '../../core/base/schema.ts';
import type { BrowserToServer, ServerToBrowser, SideAbout, SideAnswer } from '../../core/messages/browser.ts';
import { recordingNameSchema } from '../../core/messages/recordings.ts';
import type { Side } from '../../core/model/compare/side.ts';
import { NO_RECORDING } from './session.ts';
import { isRefused } from './socket.ts';

export type SideState =
  | { readonly phase: 'connecting' }
  /** 0 to 1; undefined where it is not known how much there is. */
  | { readonly phase: 'reading'; readonly share: number | undefined }
  | { readonly phase: 'ready'; readonly about: SideAbout; readonly side: Side }
  /** The server does not answer; the page tries again by itself. */
  | { readonly phase: 'offline' }
  | { readonly phase: 'failed'; readonly failure: Failure };

export const SIDE_KEYS = ['a', 'b'] as const;
export type SideKey = (typeof SIDE_KEYS)[number];

/** Both recordings of a comparison, each as far as it is. */
export const useCompare = create<Readonly<Record<SideKey, SideState>>>(() => ({
  a: { phase: 'connecting' },
  b: { phase: 'connecting' },
}));

const ASK_AGAIN_MS = 300;
/** The server answers at once how far it is; a side of a million packets takes seconds. */
const ANSWER_MS = 120_000;

/** Has both recordings read; the result ends that, and the server lets go of them. */
export function compareRecordings(names: Readonly<Record<SideKey, string>>): () => void {
  const ends = SIDE_KEYS.map((key) => openSide(names[key], (state) => useCompare.setState({ [key]: state })));
  return () => {
    for (const end of ends) end();
  };
}

/** A page of the recording that has no use for its packets: it takes none of them from the server. */
function openSide(name: string, take: (state: SideState) => void): () => void {
  if (!check(recordingNameSchema, name).ok) {
    take({ phase: 'failed', failure: { code: NO_RECORDING, message: 'That is no name of a recording.' } });
    return () => undefined;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDone = false;
  const socket: Socket<ServerToBrowser, BrowserToServer> = io(`/recordings/${name}`, {
    transports: ['websocket'],
    reconnectionDelayMax: 3000,
  });
  const ask = async () => {
    const answer: Result<SideAnswer> | undefined = await socket
      .timeout(ANSWER_MS)
      .emitWithAck('side')
      .catch(() => undefined);
    // without a connection the socket asks again once it has one
    if (answer === undefined || isDone) return;
    const isBusy = !answer.ok && answer.error.code === 'BUSY';
    if (answer.ok) take(answer.value);
    else if (!isBusy) take({ phase: 'failed', failure: answer.error });
    isDone = answer.ok ? answer.value.phase === 'ready' : !isBusy;
    if (!isDone) timer = setTimeout(ask, ASK_AGAIN_MS);
  };
  take({ phase: 'connecting' });
  socket.on('connect', () => {
    clearTimeout(timer);
    // what a recording has stays so
    if (!isDone) void ask();
  });
  socket.on('disconnect', () => isDone || take({ phase: 'offline' }));
  socket.on('connect_error', async ({ message }) => {
    if (!socket.active) take({ phase: 'failed', failure: { code: NO_RECORDING, message } });
    else if (await isRefused())
      take({ phase: 'failed', failure: { code: 'NO_TOKEN', message: 'This page has no valid token.' } });
    else if (!isDone) take({ phase: 'offline' });
  });
  return () => {
    isDone = true;
    clearTimeout(timer);
    socket.close();
  };
}

/** The page that holds two recordings against each other; the first is what was before. */
export const comparePage = (a: string, b: string): string =>
  `/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`;
