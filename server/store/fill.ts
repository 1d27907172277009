/** All tables of a recording: for who asks it by SQL, or takes it elsewhere. */
import type { RecordedMessage } from '../../core/messages/recording.ts';
import type { Recorded } from '../recording/recorded.ts';
import type { StoreDatabase } from './database.ts';
import { EventFold } from './events.ts';
import { GenerationSplit } from './generations.ts';
import { PacketFold } from './packets.ts';
import { EVENT_TABLES, type EventTable, headerRows, OWN_TABLES, type RowSink } from './schema.ts';

/**
 * Reads a recording into an empty database. `took` hears that more was read, and ends it by throwing. Of a recording with
 * several sessions, the last counts: packet ids of one have nothing to do with another's. Throws a RecordingError at what
 * is damaged.
 */
export async function fillTables(
  recording: Recorded,
  database: StoreDatabase,
  took: () => void,
): Promise<void> {
  // where frames lie is known to who wrote them
  const sink: RowSink = {
    add(table, row) {
      if (!OWN_TABLES.includes(table)) database.add(table, row);
    },
  };
  const split = new GenerationSplit();
  const packets = new PacketFold(sink);
  let events = new EventFold(sink);

  async function begin(isRestart: boolean): Promise<void> {
    packets.close();
    packets.begin(sink, isRestart);
    events = new EventFold(sink);
    await database.clear(Object.keys(EVENT_TABLES) as EventTable[]);
  }

  async function take(message: RecordedMessage): Promise<void> {
    packets.takeMessage(message);
    switch (message.type) {
      case 'capture':
        if (message.capture.phase !== 'starting') break;
        split.restart();
        await begin(true);
        break;
    }
  }

  for await (const item of recording.items()) {
    if (item.kind === 'message') {
      await take(item.message);
      continue;
    }
    for (let rest = item.records; rest.length > 0; ) {
      const end = split.endOfSession(rest);
      packets.take(rest.subarray(0, end), 0);
      events.take(rest.subarray(0, end));
      rest = rest.subarray(end);
      if (rest.length > 0) await begin(false);
    }
    took();
  }
  packets.close();
  database.flushAll();
  const { names } = packets;
  await database.name({ ...names, recording: [...headerRows(recording.header), ...(names.recording ?? [])] });
}
