/** What a capture becomes, as a page or a command line would see it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { check } from '../../../base/schema.ts';
import { type RecordedItem, recordedSchemaOf } from '../../../messages/recording.ts';
import type { SourceHello } from '../../../messages/source.ts';
import { SessionAssembler } from '../../assembler.ts';
import type { Path } from '../../hop.ts';
import { NameBook } from '../../names.ts';
import type { PacketRow } from '../../packet.ts';
import { readPath } from '../../path.ts';
import { HopReader } from '../../reader.ts';
import type { CaptureImporter } from '../types.ts';

/** Lines that pwru 1.0.12 wrote on 6.12: a datagram to a port that nobody listens on, and the ICMP error. */
export const PWRU_LINES: readonly string[] = gunzipSync(
  readFileSync(join(import.meta.dirname, 'fixtures', 'pwru-6.12.json.gz')),
)
  .toString('utf8')
  .trim()
  .split('\n');

export interface Imported {
  readonly hello: SourceHello;
  readonly names: NameBook;
  /** By packet id. */
  readonly paths: ReadonlyMap<number, Path>;
  readonly rows: ReadonlyMap<number, PacketRow>;
}

/** Takes all pieces; throws what the importer throws, and where a message does not fit its schema. */
export function importAll<Piece>(importer: CaptureImporter<Piece>, pieces: Iterable<Piece>): Imported {
  for (const piece of pieces) importer.take(piece);
  importer.end();
  return readItems(importer.drain());
}

export function readItems(items: readonly RecordedItem[]): Imported {
  const names = new NameBook();
  const assembler = new SessionAssembler();
  const reader = new HopReader();
  const packets = new Set<number>();
  let hello: SourceHello | undefined;
  for (const item of items) {
    if (item.kind === 'batch') {
      const functions = [...names.functions.values()];
      assembler.takeNames({ functions, reasons: names.reasons });
      reader.read(item.records, {
        symbol: (symbol) => names.take({ symbols: [symbol] }),
        stack: (stack) => names.take({ stacks: [stack] }),
        hop: ({ packet }) => packets.add(packet),
      });
      assembler.take(item.records.slice());
      continue;
    }
    const { message } = item;
    const checked = check(recordedSchemaOf(message), message);
    if (!checked.ok) throw new Error(`${message.type}: ${checked.problem}`);
    if (message.type === 'hello') hello = message.hello;
    else if (message.type === 'functions' || message.type === 'reasons' || message.type === 'namespaces')
      names.take(message);
  }
  if (hello === undefined) throw new Error('there was no hello');
  if (reader.malformed + reader.missing > 0) throw new Error('records are wrong, or missing');
  const paths = new Map<number, Path>();
  const rows = new Map<number, PacketRow>();
  for (const packet of packets) {
    paths.set(packet, readPath(assembler.pathRecords(packet) ?? new Uint8Array(0), packet));
    const row = assembler.row(packet);
    if (row !== undefined) rows.set(packet, row);
  }
  return { hello, names, paths, rows };
}

/** Functions of a path, a drop as its reason. */
export const waysOf = ({ hops }: Path, names: NameBook): readonly string[] =>
  hops.map((hop) => (hop.kind === 'hop' ? names.functionName(hop.func) : names.reasonName(hop.reason)));
