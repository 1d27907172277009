/** Browsers: each gets rows as fast as it takes them, in its own time, and every request it makes is answered. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import * as v from 'valibot';
import { fail, type Result } from '../../core/base/result.ts';
import { check, finite, parse, type Schema, text } from '../../core/base/schema.ts';
import {
  analysisRequestSchema,
  type BrowserToServer,
  connectionsRequestSchema,
  creditSchema,
  factsRequestSchema,
  type LiveStats,
  latencyRequestSchema,
  pathRequestSchema,
  ROW_CREDITS,
  type ServerToBrowser,
  type SideAbout,
} from '../../core/messages/browser.ts';
import { selfTestSchema } from '../../core/messages/doctor.ts';
import { exportIdSchema } from '../../core/messages/exports.ts';
import { factsSchema } from '../../core/messages/facts.ts';
import { freezeNowSchema, freezeOrderSchema } from '../../core/messages/freezing.ts';
import type { Keeping } from '../../core/messages/keeping.ts';
import { noteRequestSchema, recordingNameSchema } from '../../core/messages/recordings.ts';
import {
  captureSpecSchema,
  costSchema,
  lostEvents,
  plannedProgramsSchema,
  priceSchema,
  probePlanSchema,
} from '../../core/messages/source.ts';
import { NO_COUNTERS } from '../../core/model/counters.ts';
import { LossHistory } from '../../core/model/losses/history.ts';
import { LONG_PATH_HOPS } from '../../core/wire/hops.ts';
import type { Exports } from '../http/exports.ts';
import { type Freezer, noFreezer } from '../session/freezer.ts';
import type { GatewayHub } from '../session/hub.ts';
import { isLongPath, packPath } from '../session/long.ts';
import type { PulseAnswer } from '../session/messages.ts';
import type { Library } from '../store/library.ts';

const BROWSERS_MAX = 32;
/** 1,536 rows of 136 bytes: 204 KiB, in the range where stack.md measured the best rate. */
const ROWS_PER_BATCH = 1536;
const ROWS_EVERY_MS = 100;
const STATS_EVERY_MS = 500;
/** The largest thing a browser has to say is a list of packets to fold: 160,000 bytes. */
const MESSAGE_BYTES_MAX = 192 << 10;

type BrowserSocket = Socket<BrowserToServer, ServerToBrowser>;
type Io = Server<BrowserToServer, ServerToBrowser>;

interface Browser {
  readonly socket: BrowserSocket;
  session: number;
  version: number;
  credits: number;
  isAsking: boolean;
  shedRows: number;
}

const compileSchema = v.object({ expression: text(4096) });

/** The recordings that are kept, for pages that ask for them. */
export type Shelves = Pick<Library, 'list' | 'note' | 'remove' | 'restore'>;

/** The exports that are made for pages. */
export type ExportList = Pick<Exports, 'list' | 'cancel'>;

/** The last of a session as a recording. */
export type FreezeControl = Pick<Freezer, 'freezing' | 'wait' | 'now'>;

export interface GatewayOptions {
  readonly http: HttpServer;
  readonly hub: GatewayHub;
  readonly shelves: Shelves;
  readonly exports: ExportList;
  /** Of what runs. */
  readonly freezer: FreezeControl;
  /**
   * A page looks at a recording; resolves to what says that it looks no longer, rejects with why it cannot. Before, the hub of
   * the recording is given to {@link Gateway.serve}.
   */
  readonly enter: (recording: string) => Promise<() => void>;
  /** Why a connection is refused, undefined when it may come in. */
  readonly refuse: (request: IncomingMessage) => string | undefined;
}

export interface Gateway {
  /** Gives pages of that recording what the hub has; the result ends that. */
  serve(recording: string, hub: GatewayHub): () => void;
  close(): Promise<void>;
}

const RECORDING_PREFIX = '/recordings/';
const RECORDINGS = /^\/recordings\/\w[\w.-]{0,254}$/;

/** Starts serving sockets on the HTTP server: the live session at `/`, each recording under its name. */
export function openGateway({
  http,
  hub,
  shelves,
  exports,
  freezer,
  enter,
  refuse,
}: GatewayOptions): Gateway {
  const io: Io = new Server(http, {
    path: '/socket.io',
    transports: ['websocket'],
    perMessageDeflate: false,
    serveClient: false,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
    cleanupEmptyChildNamespaces: true,
    allowRequest(request, decide) {
      const why =
        refuse(request) ??
        (io.engine.clientsCount >= BROWSERS_MAX ? 'too many browsers are connected' : undefined);
      decide(why ?? null, why === undefined);
    },
  });
  const live = serveHub(hub, { shelves, exports, freezer });
  io.of('/').on('connection', live.join);
  const recorded = new Map<string, Serving>();
  const recordings = io.of(RECORDINGS);
  recordings.use((socket, next) => {
    const name = socket.nsp.name.slice(RECORDING_PREFIX.length);
    enter(name).then(
      (leave) => {
        if (socket.conn.readyState !== 'open') leave();
        else socket.once('disconnect', leave);
        next();
      },
      (error: unknown) => next(error instanceof Error ? error : new Error(String(error))),
    );
  });
  recordings.on('connection', (socket) => {
    const serving = recorded.get(socket.nsp.name.slice(RECORDING_PREFIX.length));
    if (serving === undefined) socket.disconnect();
    else serving.join(socket);
  });
  return {
    serve(name, recordedHub) {
      const serving = serveHub(recordedHub, { shelves, exports, freezer: noFreezer('a recording is shown') });
      recorded.set(name, serving);
      return () => {
        recorded.delete(name);
        serving.stop();
      };
    },
    async close() {
      live.stop();
      for (const serving of recorded.values()) serving.stop();
      await io.close();
    },
  };
}

type Kept = Pick<GatewayOptions, 'shelves' | 'exports' | 'freezer'>;

interface Serving {
  join(socket: BrowserSocket): void;
  stop(): void;
}

/** Gives pages what a hub has. */
function serveHub(hub: GatewayHub, kept: Kept): Serving {
  const browsers = new Map<string, Browser>();
  let pulse: PulseAnswer | undefined;
  let rates = { atMs: performance.now(), events: 0, packets: 0, eventsPerSecond: 0, packetsPerSecond: 0 };

  const losses = new LossHistory();

  hub.on('snapshot', () => {
    if (hub.snapshot.capture.phase === 'starting') losses.restart();
    for (const { socket } of browsers.values()) socket.emit('snapshot', hub.snapshot);
  });
  hub.on('names', (tables) => {
    for (const { socket } of browsers.values()) socket.emit('names', tables);
  });
  hub.on('stats', (tracer, atUnixMs) => {
    // of a recording, when it was lost is not when that is read
    if (!hub.isRecorded || atUnixMs === undefined) return;
    const { session, counters } = pulse ?? { session: hub.sessionNumber, counters: NO_COUNTERS };
    losses.add({ atUnixMs, session, tracer, counters });
  });

  function join(socket: BrowserSocket): void {
    const browser: Browser = {
      socket,
      session: -1,
      version: 0,
      credits: ROW_CREDITS,
      isAsking: false,
      shedRows: 0,
    };
    browsers.set(socket.id, browser);
    socket.once('disconnect', () => browsers.delete(socket.id));
    socket.emit('snapshot', hub.snapshot);
    socket.emit('names', hub.names);
    answerRequests(socket, hub, kept, browser, losses);
  }

  const rowTimer = setInterval(async () => {
    const last = pulse;
    pulse = await hub.session.pulse();
    hub.sessionNumber = pulse.session;
    for (const browser of browsers.values()) feed(browser, pulse, last);
  }, ROWS_EVERY_MS);

  function feed(browser: Browser, now: PulseAnswer, last: PulseAnswer | undefined): void {
    const isNew = browser.session !== now.session;
    if (!isNew && browser.version === now.version) return;
    if (browser.credits === 0) {
      browser.shedRows += Math.max(0, now.version - (last?.version ?? now.version));
      return;
    }
    if (!browser.isAsking) sendRows(browser).catch(reportFault);
  }

  /** Sends batches until the browser is up to date or has no credit left. */
  async function sendRows(browser: Browser): Promise<void> {
    browser.isAsking = true;
    try {
      for (let more = true; more && browser.credits > 0 && browser.socket.connected; ) {
        const isKnown = browser.session === pulse?.session;
        const answer = await hub.session.rowsSince(isKnown ? browser.version : 0, ROWS_PER_BATCH);
        const reset = browser.session !== answer.session;
        // asked for in one session, answered in the next: ask again from its beginning
        if (reset && isKnown) {
          browser.session = -1;
          continue;
        }
        browser.session = answer.session;
        browser.version = answer.version;
        more = answer.more;
        if (answer.rows.byteLength === 0 && !reset) return;
        browser.credits -= 1;
        browser.socket.emit('rows', answer.rows, { session: answer.session, reset });
      }
    } finally {
      browser.isAsking = false;
    }
  }

  const statsTimer = setInterval(() => {
    if (pulse === undefined) return;
    rates = newRates(rates, hub.stats);
    const { session, counters } = pulse;
    if (!hub.isRecorded) losses.add({ atUnixMs: Date.now(), session, tracer: hub.stats, counters });
    for (const { socket, shedRows } of browsers.values()) {
      const stats: LiveStats = {
        tracer: hub.stats,
        eventsPerSecond: rates.eventsPerSecond,
        packetsPerSecond: rates.packetsPerSecond,
        session: pulse.counters,
        nowNs: pulse.nowNs,
        keeping: hub.keeping,
        freezing: kept.freezer.freezing,
        shedRows,
      };
      socket.volatile.emit('stats', stats);
    }
  }, STATS_EVERY_MS);

  return {
    join,
    stop() {
      clearInterval(rowTimer);
      clearInterval(statsTimer);
    },
  };
}

function answerRequests(
  socket: BrowserSocket,
  hub: GatewayHub,
  { shelves, exports, freezer }: Kept,
  browser: Browser,
  losses: LossHistory,
): void {
  const on = <T, V>(
    schema: Schema<T>,
    given: unknown,
    ack: unknown,
    work: (value: T) => Promise<Result<V>>,
  ): void => {
    // whatever came in the place of the acknowledgement, only a function can be called
    if (typeof ack !== 'function') return;
    const checked = check(schema, given);
    const answer = checked.ok
      ? work(checked.value)
      : Promise.resolve(fail<V>('BAD_REQUEST', `the request is wrong: ${checked.problem}`));
    answer.then(
      (result) => ack(result),
      (error: unknown) => {
        reportFault(error);
        ack(fail('SERVER_FAULT', 'the server could not do that; its log says why'));
      },
    );
  };
  socket.on('apply', (spec, ack) => on(captureSpecSchema, spec, ack, (valid) => hub.apply(valid)));
  socket.on('stop', (ack) => on(v.unknown(), null, ack, () => hub.stop()));
  socket.on('compile', (request, ack) =>
    on(compileSchema, request, ack, async ({ expression }) => {
      const result = await hub.request({ method: 'compile', expression });
      return result.ok ? { ok: true, value: parse(compiledSchema, result.value) } : result;
    }),
  );
  socket.on('path', (request, ack) =>
    on(pathRequestSchema, request, ack, async ({ session, packet }) => {
      const answer = await hub.session.path(packet);
      if (answer.session !== session)
        return fail('SESSION_OVER', 'the capture was changed meanwhile; its packets are gone');
      if (answer.isLong) return longPath(packet);
      const { records, isTruncated } = answer;
      const isInMemory = records !== undefined && !isTruncated;
      const kept = isInMemory ? undefined : await hub.keptPath(session, packet);
      if (kept !== undefined && isLongPath(new Uint8Array(kept))) return longPath(packet);
      if (kept !== undefined) return { ok: true, value: { records: kept, isFromDisk: true } };
      if (records === undefined) return fail('PACKET_GONE', goneText(packet, hub.keeping));
      return { ok: true, value: { records, isFromDisk: false } };
    }),
  );
  socket.on('hops', (request, ack) =>
    on(pathRequestSchema, request, ack, async ({ session, packet }) => {
      const answer = await hub.session.hops(packet);
      if (answer.session !== session)
        return fail('SESSION_OVER', 'the capture was changed meanwhile; its packets are gone');
      const kept = answer.hops === undefined ? await hub.keptPath(session, packet) : undefined;
      const { hops, ends } = kept === undefined ? answer : packPath(new Uint8Array(kept), packet);
      if (hops === undefined || ends === undefined) return fail('PACKET_GONE', goneText(packet, hub.keeping));
      return { ok: true, value: { hops, ...ends } };
    }),
  );
  socket.on('analysis', (request, ack) =>
    on(analysisRequestSchema, request, ack, async ({ session, packets }) => {
      const answer = await hub.session.analysis(packets);
      if (answer.session !== session)
        return fail('SESSION_OVER', 'the capture was changed meanwhile; its packets are gone');
      if (answer.analysis === undefined)
        return fail('BUSY', 'too many pages ask for paths at once; this one asks again');
      return { ok: true, value: answer.analysis };
    }),
  );
  socket.on('latency', (request, ack) =>
    on(latencyRequestSchema, request, ack, async ({ session, packets, series }) => {
      const answer = await hub.session.latency(packets, series);
      if (answer.session !== session)
        return fail('SESSION_OVER', 'the capture was changed meanwhile; its packets are gone');
      if (answer.analysis === undefined)
        return fail('BUSY', 'too many pages ask for times at once; this one asks again');
      return { ok: true, value: answer.analysis };
    }),
  );
  socket.on('side', (ack) =>
    on(v.unknown(), null, ack, async () => {
      const { isDone, share } = hub.reading;
      if (!isDone) return { ok: true, value: { phase: 'reading', share } };
      const { analysis: side } = await hub.session.side();
      if (side === undefined)
        return fail('BUSY', 'too many pages compare recordings at once; this one asks again');
      return { ok: true, value: { phase: 'ready', about: aboutSide(hub), side } };
    }),
  );
  socket.on('connections', (request, ack) =>
    on(connectionsRequestSchema, request, ack, async ({ session, since }) => {
      const { session: now, ...value } = await hub.session.connections(since);
      return now === session
        ? { ok: true, value }
        : fail('SESSION_OVER', 'the capture was changed meanwhile; its connections are gone');
    }),
  );
  socket.on('facts', (request, ack) =>
    on(factsRequestSchema, request, ack, async ({ queries, packet }) => {
      const result = await hub.request({ method: 'facts', queries, ...(packet !== undefined && { packet }) });
      if (!result.ok) return result;
      const value = parse(factsSchema, result.value);
      if (packet !== undefined) hub.explained(packet, value.facts);
      return { ok: true, value };
    }),
  );
  socket.on('health', (ack) =>
    on(v.unknown(), null, ack, async () => {
      const { sourceSinceUnixMs } = hub;
      const { backlog } = hub.session;
      const answer = await hub.session.hitsByFunction();
      return {
        ok: true,
        value: { ...answer, atUnixMs: Date.now(), losses: losses.report, backlog, sourceSinceUnixMs },
      };
    }),
  );
  socket.on('programs', (ack) =>
    on(v.unknown(), null, ack, async () => {
      const result = await hub.request({ method: 'programs' });
      return result.ok ? { ok: true, value: parse(plannedProgramsSchema, result.value) } : result;
    }),
  );
  socket.on('cost', (ack) =>
    on(v.unknown(), null, ack, async () => {
      const result = await hub.request({ method: 'cost' });
      return result.ok ? { ok: true, value: parse(costSchema, result.value) } : result;
    }),
  );
  socket.on('price', (probes, ack) =>
    on(probePlanSchema, probes, ack, async (plan) => {
      const result = await hub.request({ method: 'price', probes: plan });
      return result.ok ? { ok: true, value: parse(priceSchema, result.value) } : result;
    }),
  );
  socket.on('selfTest', (ack) =>
    on(v.unknown(), null, ack, async () => {
      const result = await hub.request({ method: 'selfTest' });
      return result.ok ? { ok: true, value: parse(selfTestSchema, result.value) } : result;
    }),
  );
  socket.on('recordings', (ack) =>
    on(v.unknown(), null, ack, async () => ({ ok: true, value: await shelves.list() })),
  );
  socket.on('noteRecording', (request, ack) =>
    on(noteRequestSchema, request, ack, async ({ name, note }) => shelves.note(name, note)),
  );
  socket.on('removeRecording', (name, ack) =>
    on(recordingNameSchema, name, ack, async (known) => shelves.remove(known)),
  );
  socket.on('restoreRecording', (name, ack) =>
    on(recordingNameSchema, name, ack, async (known) => shelves.restore(known)),
  );
  socket.on('exports', (ack) =>
    on(v.unknown(), null, ack, async () => ({ ok: true, value: exports.list() })),
  );
  socket.on('cancelExport', (id, ack) => on(exportIdSchema, id, ack, async (known) => exports.cancel(known)));
  socket.on('freeze', (request, ack) =>
    on(freezeNowSchema, request, ack, ({ lastMs }) => freezer.now(lastMs)),
  );
  socket.on('waitToFreeze', (order, ack) =>
    on(v.nullable(freezeOrderSchema), order, ack, async (valid) => freezer.wait(valid)),
  );
  socket.on('credit', (batches) => {
    if (v.is(creditSchema, batches)) browser.credits = Math.min(ROW_CREDITS, browser.credits + batches);
  });
}

const longPath = <T>(packet: number) =>
  fail<T>('PATH_LONG', `packet ${packet} has more than ${LONG_PATH_HOPS} hops; its path shows them`);

function aboutSide({ snapshot, names, stats, reading }: GatewayHub): SideAbout {
  const { source, capture } = snapshot;
  const hello = source.phase === 'connected' ? source.hello : undefined;
  const probed = capture.phase === 'running' ? capture.probed : undefined;
  const ids = probed && new Set<number>(probed);
  return {
    hostname: hello?.hostname ?? '',
    kernel: hello?.kernel ?? '',
    baseUnixMs: hello?.baseUnixMs ?? 0,
    expression: 'spec' in capture ? capture.spec.filter.expression : '',
    probed:
      ids && names.functions?.flatMap(({ id, name }) => (ids.has(id) ? [name.replace(/\..*/, '')] : [])),
    lost: lostEvents(stats),
    note: reading.note,
  };
}

/** Why a packet's events are nowhere any more. */
function goneText(packet: number, keeping: Keeping): string {
  const gone = `packet ${packet} is no longer in memory, where the newest packets are`;
  if (keeping.phase === 'on') return `${gone}, and its recording has given way to newer ones`;
  return `${gone}; nothing is kept on the disk: ${keeping.why}`;
}

const compiledSchema = v.object({ instructions: v.object({ l2: finite, l3: finite }) });

function newRates(
  before: { atMs: number; events: number; packets: number },
  stats: { readonly events: number; readonly packets: number },
) {
  const atMs = performance.now();
  const seconds = Math.max(0.001, (atMs - before.atMs) / 1000);
  return {
    atMs,
    events: stats.events,
    packets: stats.packets,
    eventsPerSecond: Math.max(0, stats.events - before.events) / seconds,
    packetsPerSecond: Math.max(0, stats.packets - before.packets) / seconds,
  };
}

function reportFault(error: unknown): void {
  console.error('skbtracer server:', error);
}
