/** The recorded captures of the browser tests (e2e/record.mjs): packets of a real kernel, for tests of what is said of them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from '../../base/schema.ts';
import { FRAME_HEADER_BYTES, FRAME_TYPE } from '../../messages/frames.ts';
import { sourceMessageSchema } from '../../messages/source.ts';
import { RecordCursor } from '../../wire/cursor.ts';
import { KIND } from '../../wire/layout.gen.ts';
import { SessionAssembler } from '../assembler.ts';
import type { Path } from '../hop.ts';
import { NameBook } from '../names.ts';
import { readPath } from '../path.ts';
import { readStack, readSymbol } from '../reader.ts';

const FIXTURES = join(treeFrom(import.meta.dirname), 'e2e/fixtures');
/** The root of the tree, wherever in it this was bundled to. */
function treeFrom(folder: string): string {
  return existsSync(join(folder, 'e2e/fixtures')) ? folder : treeFrom(dirname(folder));
}

export type RecordingName = 'capture' | 'tasks';

export interface Recording {
  readonly names: NameBook;
  /** Every packet that has a hop, in the order of their ids. */
  readonly paths: readonly Path[];
}

export function readRecording(): Recording {
  const { names, batches } = readFrames('capture');
  const packets = new Map<number, Uint8Array[]>();
  for (const batch of batches) sortOut(batch, names, packets);
  const paths = [...packets]
    .sort(([a], [b]) => a - b)
    .map(([packet, records]) => readPath(Buffer.concat(records), packet))
    .filter(({ hops }) => hops.length > 0);
  return { names, paths };
}

/** The packed rows of all packets, as the session's thread makes them, with the paths that they are on. */
export function readRows(recording: RecordingName): {
  readonly names: NameBook;
  readonly rows: Uint8Array<ArrayBuffer>;
} {
  const { names, batches } = readFrames(recording);
  const session = new SessionAssembler();
  session.takeNames({ functions: [...names.functions.values()] });
  session.restart();
  for (const batch of batches) session.take(batch);
  const { rows } = session.rowsSince(0, 100_000);
  names.take({ paths: { session: session.session, first: 1, words: session.paths.wordsAfter(0) } });
  return { names, rows };
}

/** The names of a recording, and its batches as they came. */
export function readFrames(recording: RecordingName): {
  readonly names: NameBook;
  readonly batches: readonly Uint8Array[];
} {
  const bytes = gunzipSync(readFileSync(join(FIXTURES, `${recording}.bin.gz`)));
  const names = new NameBook();
  const batches: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
    if (bytes[at + 4] === FRAME_TYPE.batch) batches.push(payload);
    else takeNames(names, payload);
    at = end;
  }
  return { names, batches };
}

function takeNames(names: NameBook, payload: Buffer): void {
  const message = parse(sourceMessageSchema, JSON.parse(payload.toString('utf8')));
  if (message.type === 'functions') names.take({ functions: message.functions });
  if (message.type === 'reasons') names.take({ reasons: message.reasons });
  if (message.type === 'namespaces') names.take({ namespaces: message.namespaces });
  if (message.type === 'cgroups') names.take({ cgroups: message.cgroups });
  if (message.type === 'topology') names.take({ topology: message.topology });
}

/** Each record to the packets that it is about; names to the book. */
function sortOut(batch: Uint8Array, names: NameBook, packets: Map<number, Uint8Array[]>): void {
  const cursor = new RecordCursor();
  const give = (packet: number) => {
    const records = packets.get(packet) ?? [];
    records.push(batch.subarray(cursor.offset, cursor.offset + cursor.size));
    packets.set(packet, records);
  };
  cursor.reset(batch);
  while (cursor.next()) {
    if (cursor.kind === KIND.symbol) names.take({ symbols: [readSymbol(cursor)] });
    else if (cursor.kind === KIND.stack) names.take({ stacks: [readStack(cursor)] });
    else if (cursor.kind !== KIND.socket) {
      give(cursor.packet);
      if (cursor.kind === KIND.lineage) give(cursor.parent);
    }
  }
}
