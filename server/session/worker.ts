/** The session's thread: takes in every batch, so that HTTP and sockets never wait for it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FoldedSession, PathFold } from '../../core/model/analysis/fold.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { SideFold } from '../../core/model/compare/side-fold.ts';
import { LatencyFold } from '../../core/model/latency/fold.ts';
import { PlaceTable } from '../../core/model/latency/places.ts';
import type { LatencySeries } from '../../core/model/latency/result.ts';
import { packEnds, packHops } from '../../core/model/long-path.ts';
import { NameBook } from '../../core/model/names.ts';
import { Present } from '../../core/model/present.ts';
import { TriggerWatch } from '../../core/model/triggers.ts';
import { LONG_PATH_HOPS } from '../../core/wire/hops.ts';
import type { KeptRecords } from '../store/records.ts';
import { Analyst, type Question } from './analyst.ts';
import type { Answer, FromWorker, ToWorker, WorkerSettings } from './messages.ts';
import { Past } from './past.ts';
import { openShown } from './shown.ts';
import { ToldNames } from './told.ts';

const port = parentPort;
if (port === null) throw new Error('the session runs in a worker thread');
const { isRecorded, memoryBytes, kept: files }: WorkerSettings = workerData;
const assembler = new SessionAssembler({ budgetBytes: memoryBytes });
const told = new ToldNames(assembler);
const present = new Present();
const places = new PlaceTable();

const kept = files && (await openShown(files, assembler));

const source = kept ?? assembler;
const paths = new Analyst(source, ({ packets }: Question) =>
  folded(packets, (session, which) => new PathFold(session, which)),
);
const latency = new Analyst(source, ({ packets, series }: Question & { readonly series: LatencySeries }) =>
  folded(packets, (session, which) => new LatencyFold(session, places, which, series)),
);

/** What the disk is asked for, by the question's number. */
const wanted = new Map<number, (records: KeptRecords) => void>();
let nextWanted = 1;

const past = new Past(assembler, (packets) => {
  const id = nextWanted;
  nextWanted += 1;
  say({ type: 'wanted', id, packets });
  return new Promise((resolve) => wanted.set(id, resolve));
});

/** A fold of packets in memory, or of those that are read from the disk. */
function folded<F>(
  packets: Float64Array | null,
  make: (session: FoldedSession, packets: Float64Array | null) => F,
): F | Promise<F> {
  if (kept === undefined) {
    const presentNs = present.at(clockNs()) ?? 0;
    if (packets === null || !past.isWorthReading(packets, presentNs)) return make(assembler, packets);
    return past.read(packets).then((session) => make(session, packets));
  }
  const which = kept.packetsOf(packets);
  return kept.read(which).then((session) => make(session, which));
}

/** What a comparison, and what is waited for, calls things by. */
const book = new NameBook();
const sides = new Analyst(assembler, (_: Question) => {
  book.take({ symbols: assembler.symbols });
  return new SideFold(assembler, places, book);
});

/** What a recording is made of when it happens. */
let watch: TriggerWatch | undefined;

/** A clock that only goes forward. */
const clockNs = () => performance.now() * 1e6;

/** Names that records gave, before what has need of them. */
const sayNames = () => {
  const tables = told.next();
  if (tables !== undefined) say({ type: 'names', tables });
};

/** An answer that is read from the disk. */
function sayLater<T extends Answer>(
  id: number,
  reading: Promise<T>,
  transfer: (answer: T) => ArrayBuffer[],
): void {
  void reading.then((answer) => say({ type: 'answer', id, answer }, transfer(answer)));
}

const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'batch': {
      assembler.take(message.records);
      const trigger = watch?.look(message.records);
      if (trigger !== undefined) say({ type: 'happened', trigger, session: assembler.session });
      if (assembler.newestNs > 0) present.saw(assembler.newestNs, clockNs());
      say({ type: 'taken' });
      sayNames();
      break;
    }
    case 'names':
      assembler.takeNames(message.tables);
      kept?.takeNames(message.tables);
      past.takeNames(message.tables);
      book.take(message.tables);
      if (message.tables.functions !== undefined) places.take(message.tables.functions);
      break;
    case 'restart':
      assembler.restart();
      told.restart();
      present.restart();
      past.restart();
      kept?.begin();
      break;
    case 'rows': {
      const { rows, version, more } = source.rowsSince(message.version, message.max);
      sayNames();
      const answer = { session: assembler.session, rows: rows.buffer, version, more };
      say({ type: 'answer', id: message.id, answer }, [rows.buffer]);
      break;
    }
    case 'path': {
      if (kept !== undefined) {
        sayLater(message.id, kept.path(message.packet), ({ records }) => (records ? [records] : []));
        break;
      }
      const isLong = (assembler.row(message.packet)?.hops ?? 0) > LONG_PATH_HOPS;
      const records = isLong ? undefined : assembler.pathRecords(message.packet)?.buffer;
      const isTruncated = assembler.isTruncated(message.packet);
      const answer = { session: assembler.session, records, isTruncated, isLong };
      say({ type: 'answer', id: message.id, answer }, records === undefined ? [] : [records]);
      break;
    }
    case 'hops': {
      if (kept !== undefined) {
        sayLater(message.id, kept.hops(message.packet), ({ hops, ends }) =>
          hops && ends ? [hops, ends.head, ends.tail] : [],
        );
        break;
      }
      const isKnown = assembler.row(message.packet) !== undefined;
      const hops = isKnown ? packHops(assembler, message.packet) : undefined;
      const ends = hops && packEnds(assembler, message.packet, hops);
      const answer = { session: assembler.session, hops, ends };
      say({ type: 'answer', id: message.id, answer }, hops && ends ? [hops, ends.head, ends.tail] : []);
      break;
    }
    case 'analysis':
      paths.ask({ packets: message.packets }, (answer) => {
        sayNames();
        say({ type: 'answer', id: message.id, answer });
      });
      break;
    case 'latency':
      latency.ask({ packets: message.packets, series: message.series }, (answer) =>
        say({ type: 'answer', id: message.id, answer }),
      );
      break;
    case 'side':
      sides.ask({ packets: null }, (answer) => {
        sayNames();
        say({ type: 'answer', id: message.id, answer });
      });
      break;
    case 'connections': {
      const { records, version, forgotten } = assembler.connections.since(message.since);
      const { session, owners } = assembler;
      const answer = { session, records: records.buffer, version, forgotten, owners: owners.all };
      say({ type: 'answer', id: message.id, answer }, [records.buffer]);
      break;
    }
    case 'hits': {
      const hops = assembler.hopsAt.buffer;
      say({ type: 'answer', id: message.id, answer: { session: assembler.session, hops } }, [hops]);
      break;
    }
    case 'found':
      wanted.get(message.id)?.(message.records);
      wanted.delete(message.id);
      break;
    case 'watch': {
      const { triggers, learnNs } = message;
      watch = triggers === null ? undefined : new TriggerWatch(triggers, book, learnNs, assembler);
      break;
    }
    case 'saved': {
      const { session } = assembler;
      const part =
        message.from < 0
          ? { bytes: assembler.nameRecords, next: assembler.positionSince(message.sinceNs) }
          : assembler.batchFrom(message.from);
      const records = part && new Uint8Array(part.bytes).buffer;
      const answer = { session, records, next: part?.next ?? message.from };
      say({ type: 'answer', id: message.id, answer }, records === undefined ? [] : [records]);
      break;
    }
    case 'totals':
      say({ type: 'answer', id: message.id, answer: { totals: assembler.totals } });
      break;
    case 'pulse': {
      const { session } = assembler;
      const { counters, version } = source;
      const newest = source.newestNs;
      const newestNs = newest > 0 ? newest : undefined;
      const nowNs = isRecorded ? newestNs : present.at(clockNs());
      const answer = { session, counters, version, nowNs };
      say({ type: 'answer', id: message.id, answer });
      break;
    }
    case 'close':
      sayLater(
        message.id,
        (kept?.close() ?? Promise.resolve()).then(() => ({ isClosed: true }) as const),
        () => [],
      );
      break;
  }
});
