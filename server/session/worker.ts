/** The session's thread: takes in every batch, so that HTTP and sockets never wait for it. */
import { parentPort } from 'node:worker_threads';
import { SessionAssembler } from '../../core/model/assembler.ts';
import type { FromWorker, ToWorker } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('the session runs in a worker thread');
const assembler = new SessionAssembler();
let symbolsTold = 0;

const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'batch':
      assembler.take(message.records);
      say({ type: 'taken' });
      if (assembler.symbolCount > symbolsTold) {
        say({ type: 'symbols', symbols: assembler.symbols.slice(symbolsTold) });
        symbolsTold = assembler.symbolCount;
      }
      break;
    case 'names':
      assembler.takeNames(message.tables);
      break;
    case 'restart':
      assembler.restart();
      break;
    case 'rows': {
      const { rows, version, more } = assembler.rowsSince(message.version, message.max);
      const answer = { session: assembler.session, rows: rows.buffer, version, more };
      say({ type: 'answer', id: message.id, answer }, [rows.buffer]);
      break;
    }
    case 'path': {
      const records = assembler.pathRecords(message.packet)?.buffer;
      const answer = { session: assembler.session, records };
      say({ type: 'answer', id: message.id, answer }, records === undefined ? [] : [records]);
      break;
    }
    case 'pulse': {
      const { session, counters, version } = assembler;
      say({ type: 'answer', id: message.id, answer: { session, counters, version } });
      break;
    }
  }
});
