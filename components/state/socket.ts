'use client';

import { io, type Socket } from 'socket.io-client';
import { fail, type Result } from '../../core/base/result.ts';
import type {
  BrowserToServer,
  Compiled,
  Connections,
  Health,
  LongHops,
  PathRecords,
  ServerToBrowser,
} from '../../core/messages/browser.ts';
import type { SelfTest } from '../../core/messages/doctor.ts';
import type { ListedExport } from '../../core/messages/exports.ts';
import type { Fact, FactQuery } from '../../core/messages/facts.ts';
import type { FreezeNow, FreezeOrder } from '../../core/messages/freezing.ts';
import type { NoteRequest, RecordingList } from '../../core/messages/recordings.ts';
import type { CaptureSpec, Cost, PlannedProgram, Price, ProbePlan } from '../../core/messages/source.ts';
import type { PathsAnalysis } from '../../core/model/analysis/result.ts';
import type { LatencyAnalysis, LatencySeries } from '../../core/model/latency/result.ts';
import { setRange } from './display.ts';
import { takeNames } from './names.ts';
import { packets } from './packets/store.ts';
import { endComparison } from './paths/compare.ts';
import { leaveSession, packetWanted, rangeWanted } from './place.ts';
import { selectPacket } from './selection.ts';
import { NO_RECORDING, recordingOf, useSession } from './session.ts';

/** A request that the server does not answer in this time has failed. Starting a capture takes seconds. */
const ANSWER_MS = 60_000;
/** A busy host takes its time; the agent gives up before. */
const SELF_TEST_MS = 300_000;

type PageSocket = Socket<ServerToBrowser, BrowserToServer>;
let socket: PageSocket | undefined;

/** Connects the page to its server, once; the socket reconnects by itself. `recording`: to one of these, not to what runs. */
export function connect(recording = ''): void {
  const opened = open(recording === '' ? '/' : `/recordings/${recording}`);
  if (opened === undefined) return;
  opened.on('snapshot', (snapshot) =>
    useSession.setState((before) => ({
      snapshot,
      baseUnixMs:
        snapshot.source.phase === 'connected' ? snapshot.source.hello.baseUnixMs : before.baseUnixMs,
    })),
  );
  opened.on('stats', (stats) => useSession.setState({ stats }));
  opened.on('names', takeNames);
  opened.on('rows', (batch, { session, reset }) => {
    // a packet of the session before is none of this one, nor is a time
    if (session !== packets.session) {
      // a flight recorder's recording is about one packet
      const about = recordingOf(useSession.getState().snapshot)?.trigger?.packet ?? 0;
      selectPacket(packetWanted(session) || about);
      setRange(rangeWanted(session));
      leaveSession(session);
      endComparison();
    }
    packets.take(batch, session, reset);
    opened.emit('credit', 1);
  });
}

/** The same for a page that asks, and has no use for packets. */
export function connectOnly(): void {
  open('/');
}

/** Undefined when that was done before. */
function open(namespace: string): PageSocket | undefined {
  if (socket !== undefined) return undefined;
  const opened: PageSocket = io(namespace, { transports: ['websocket'], reconnectionDelayMax: 3000 });
  socket = opened;
  opened.on('connect', () => useSession.setState({ link: { phase: 'online' } }));
  opened.on('disconnect', offline);
  opened.on('connect_error', ({ message }) => {
    // it goes on trying unless this very thing was refused
    if (!opened.active) {
      useSession.setState({ link: { phase: 'unauthorised', error: { code: NO_RECORDING, message } } });
      return;
    }
    isRefused().then((refused) => {
      if (!refused) offline();
      else
        useSession.setState({
          link: {
            phase: 'unauthorised',
            error: { code: 'NO_TOKEN', message: 'This page has no valid token.' },
          },
        });
    });
  });
  return opened;
}

function offline(): void {
  useSession.setState(({ link }) => ({
    link: link.phase === 'offline' ? link : { phase: 'offline', since: Date.now() },
  }));
}

/** Whether the server is there but does not let this page in. */
export async function isRefused(): Promise<boolean> {
  try {
    return (await fetch('/', { method: 'HEAD', cache: 'no-store' })).status === 401;
  } catch {
    return false;
  }
}

export const requestApply = (spec: CaptureSpec) => ask((s) => s.emitWithAck('apply', spec));
export const requestStop = () => ask((s) => s.emitWithAck('stop'));
export const requestCompile = (expression: string) =>
  ask<Compiled>((s) => s.emitWithAck('compile', { expression }));
/** All records of a packet; fails with SESSION_OVER or PACKET_GONE when they are no longer there. */
export const requestPath = (session: number, packet: number) =>
  ask<PathRecords>((s) => s.emitWithAck('path', { session, packet }));

/** The hops of a packet that has very many, and the records of its ends. */
export const requestHops = (session: number, packet: number) =>
  ask<LongHops>((s) => s.emitWithAck('hops', { session, packet }));

export const requestRecordings = () => ask<RecordingList>((s) => s.emitWithAck('recordings'));
export const requestNote = (request: NoteRequest) =>
  ask<null>((s) => s.emitWithAck('noteRecording', request));
export const requestRemoval = (name: string) => ask<null>((s) => s.emitWithAck('removeRecording', name));
export const requestRestoring = (name: string) => ask<null>((s) => s.emitWithAck('restoreRecording', name));

export const requestExports = () => ask<readonly ListedExport[]>((s) => s.emitWithAck('exports'));
export const requestCancelExport = (id: number) => ask<null>((s) => s.emitWithAck('cancelExport', id));

/** Keeps the last of what runs as a recording. */
export const requestFreeze = (request: FreezeNow) =>
  ask<{ readonly name: string }>((s) => s.emitWithAck('freeze', request));
/** Does so once something of this happens; null: no longer. */
export const requestWaitToFreeze = (order: FreezeOrder | null) =>
  ask<null>((s) => s.emitWithAck('waitToFreeze', order));

/** Events of TCP connections after `since`, and who sent packets. */
export const requestConnections = (session: number, since: number) =>
  ask<Connections>((s) => s.emitWithAck('connections', { session, since }));
/** Packets folded into distinct paths: these, in the order of first sight, or all. Fails with SESSION_OVER, BUSY. */
export const requestAnalysis = (session: number, packets: Float64Array<ArrayBuffer> | null) =>
  ask<PathsAnalysis>((s) => s.emitWithAck('analysis', { session, packets: packets?.buffer ?? null }));

/** How long packets took, these or all, and a heat map of one series. Fails with SESSION_OVER, BUSY. */
export const requestLatency = (
  session: number,
  packets: Float64Array<ArrayBuffer> | null,
  series: LatencySeries,
) =>
  ask<LatencyAnalysis>((s) =>
    s.emitWithAck('latency', { session, packets: packets?.buffer ?? null, series }),
  );

/** What the source's host says about itself: a fact for each query. */
export const requestFacts = (queries: readonly FactQuery[], packet: number) =>
  ask<{ readonly facts: readonly Fact[] }>((s) => s.emitWithAck('facts', { queries, packet }));

/** Hops by function, losses over time, what waits. */
export const requestHealth = () => ask<Health>((s) => s.emitWithAck('health'));
/** What a capture loads beside the probes' program. */
export const requestPrograms = () => ask<readonly PlannedProgram[]>((s) => s.emitWithAck('programs'));
/** Measures what the programs cost, for the next seconds; what was measured until now. */
export const requestCost = () => ask<Cost>((s) => s.emitWithAck('cost'));

/** Measures for a second what another plan would cost. */
export const requestPrice = (probes: ProbePlan) => ask<Price>((s) => s.emitWithAck('price', probes));

/** Sends known packets on the traced host and compares their records; takes seconds, and minutes on a busy one. */
export const requestSelfTest = () => ask<SelfTest>((s) => s.emitWithAck('selfTest'), SELF_TEST_MS);

/** What `timeout()` gives: the same socket, whose acknowledgements may fail. */
type Asking = ReturnType<PageSocket['timeout']>;

async function ask<T>(
  send: (socket: Asking) => Promise<Result<T>>,
  timeoutMs = ANSWER_MS,
): Promise<Result<T>> {
  if (socket?.connected !== true)
    return fail('OFFLINE', 'The server does not answer; the page tries again by itself.');
  try {
    return await send(socket.timeout(timeoutMs));
  } catch {
    return fail('NO_ANSWER', 'The server did not answer in time.');
  }
}
