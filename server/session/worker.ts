/** The session's thread: takes in every batch, so that HTTP and sockets never wait for it. */
import { parentPort } from 'node:worker_threads';
import { PathFold } from '../../core/model/analysis/fold.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { LatencyFold } from '../../core/model/latency/fold.ts';
import { PlaceTable } from '../../core/model/latency/places.ts';
import type { LatencySeries } from '../../core/model/latency/result.ts';
import { packEnds, packHops } from '../../core/model/long-path.ts';
import { Present } from '../../core/model/present.ts';
import { LONG_PATH_HOPS } from '../../core/wire/hops.ts';
import { Analyst, type Question } from './analyst.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { ToldNames } from './told.ts';

const port = parentPort;
if (port === null) throw new Error('the session runs in a worker thread');
const assembler = new SessionAssembler();
const told = new ToldNames(assembler);
const present = new Present();
const places = new PlaceTable();
const paths = new Analyst(assembler, ({ packets }: Question) => new PathFold(assembler, packets));
const latency = new Analyst(
  assembler,
  ({ packets, series }: Question & { readonly series: LatencySeries }) =>
    new LatencyFold(assembler, places, packets, series),
);

/** A clock that only goes forward. */
const clockNs = () => performance.now() * 1e6;

/** Names that records gave, before what has need of them. */
const sayNames = () => {
  const tables = told.next();
  if (tables !== undefined) say({ type: 'names', tables });
};

const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'batch': {
      assembler.take(message.records);
      if (assembler.newestNs > 0) present.saw(assembler.newestNs, clockNs());
      say({ type: 'taken' });
      sayNames();
      break;
    }
    case 'names':
      assembler.takeNames(message.tables);
      if (message.tables.functions !== undefined) places.take(message.tables.functions);
      break;
    case 'restart':
      assembler.restart();
      told.restart();
      present.restart();
      break;
    case 'rows': {
      const { rows, version, more } = assembler.rowsSince(message.version, message.max);
      sayNames();
      const answer = { session: assembler.session, rows: rows.buffer, version, more };
      say({ type: 'answer', id: message.id, answer }, [rows.buffer]);
      break;
    }
    case 'path': {
      const isLong = (assembler.row(message.packet)?.hops ?? 0) > LONG_PATH_HOPS;
      const records = isLong ? undefined : assembler.pathRecords(message.packet)?.buffer;
      const answer = { session: assembler.session, records, isLong };
      say({ type: 'answer', id: message.id, answer }, records === undefined ? [] : [records]);
      break;
    }
    case 'hops': {
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
    case 'pulse': {
      const { session, counters, version } = assembler;
      const answer = { session, counters, version, nowNs: present.at(clockNs()) };
      say({ type: 'answer', id: message.id, answer });
      break;
    }
  }
});
