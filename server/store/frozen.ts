/** The last of the session that is being kept, as a recording of its own: its blocks are copied as they lie on the disk. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordedMessage } from '../../core/messages/recording.ts';
import type { RecordingTrigger } from '../../core/messages/source.ts';
import { formatBytes } from '../../core/model/format.ts';
import { FactRecorder } from '../recording/facts.ts';
import { RecordingError } from '../recording/format.ts';
import { inParts } from '../recording/save.ts';
import { openFileSink } from '../recording/sink.ts';
import { type PlacedBlock, RecordingWriter } from '../recording/writer.ts';
import type { Part } from './part.ts';

export interface FreezeRequest {
  /** Of a new file. */
  readonly path: string;
  /** That is to be frozen, not one that followed. */
  readonly session: number;
  readonly sinceNs: number;
  readonly trigger: RecordingTrigger;
  /** What explained packets. */
  readonly facts: readonly (readonly [packet: number, facts: readonly Fact[]])[];
}

export interface FrozenBlocks {
  /** Version that writes it. */
  readonly product: string;
  /** What comes before the first record, and the names that records gave. */
  readonly preface: readonly RecordedMessage[];
  readonly names: Uint8Array;
  readonly blocks: readonly (readonly [Part, PlacedBlock])[];
  /** The parts that they are in may give way again. */
  readonly release: () => void;
  /** The last counts. */
  readonly stats: RecordedMessage | undefined;
}

/** Thrown by {@link writeFrozen} when the session, or the server, was over before all of it was written. */
export class FreezeOver extends Error {
  constructor() {
    super('the capture ended, or began anew, before all of it was written');
    this.name = 'FreezeOver';
  }
}

/**
 * Rejects with {@link FreezeOver}, also once `isOver` says so, or with what is wrong with the disk; the file is no recording
 * then.
 */
export async function writeFrozen(
  { product, preface, names, blocks, stats }: Omit<FrozenBlocks, 'release'>,
  { path, trigger, facts }: FreezeRequest,
  isOver: () => boolean = () => false,
): Promise<void> {
  await refuseWithoutRoom(path, blocks);
  const sink = await openFileSink(path);
  let fault: Error | undefined;
  const writer = new RecordingWriter(sink, { product, trigger }, (error) => {
    fault = error;
  });
  try {
    for (const message of preface) writer.message(message);
    for (const records of inParts(names)) await writer.batch(records);
    const recorder = new FactRecorder((message) => writer.message(message));
    for (const [packet, told] of facts) recorder.explained(packet, told);
    // who reads it through a pipe explains a packet by what was there before its records
    await writer.flush();
    for (const [part, block] of blocks) {
      if (fault !== undefined) break;
      if (isOver() || !(await copyBlock(writer, part, block))) throw new FreezeOver();
    }
    if (stats !== undefined) writer.message(stats);
    await writer.close();
    if (fault !== undefined) throw fault;
  } catch (error) {
    writer.abandon();
    await sink.close().catch(() => undefined); // why it ends is told
    throw error;
  }
}

/** The session that is kept has need of the disk, too: as much is left to it as is taken. */
async function refuseWithoutRoom(path: string, blocks: FrozenBlocks['blocks']): Promise<void> {
  const bytes = blocks.reduce((sum, [, block]) => sum + block.bytes, 0);
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < 2 * bytes)
    throw new RecordingError(
      `the disk has ${formatBytes(bavail * bsize)} left, and this has ${formatBytes(bytes)}: freeze less, or make room`,
    );
}

/** False once the part is being closed. */
async function copyBlock(writer: RecordingWriter, part: Part, block: PlacedBlock): Promise<boolean> {
  if (!part.isBeginning(block)) {
    const bytes = await part.blockAt(block);
    if (bytes !== undefined) await writer.copy(bytes, block.counts);
    return bytes !== undefined;
  }
  // which says what came before the records of its part, and has been said
  const batches = await part.batchesAt(block.position);
  for (const records of batches ?? []) await writer.batch(records);
  return batches !== undefined;
}
