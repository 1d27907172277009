/** A recording of a session that is being kept: its blocks are copied as they lie on the disk. */
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordedMessage } from '../../core/messages/recording.ts';
import type { RecordingTrigger } from '../../core/messages/source.ts';
import { FactRecorder } from '../recording/facts.ts';
import { RecordingError } from '../recording/format.ts';
import { inParts } from '../recording/save.ts';
import type { Sink } from '../recording/sink.ts';
import { type PlacedBlock, RecordingWriter } from '../recording/writer.ts';

/** What a recording of a session has besides its blocks. */
export interface Said {
  /** Version that writes it. */
  readonly product: string;
  /** What comes before the first record, and the names that records gave. */
  readonly preface: readonly RecordedMessage[];
  readonly names: Uint8Array;
  /** The last counts. */
  readonly stats: RecordedMessage | undefined;
}

export interface CopyOptions {
  /** Why it is written. */
  readonly trigger?: RecordingTrigger;
  /** What explained packets. */
  readonly facts: readonly (readonly [packet: number, facts: readonly Fact[]])[];
}

/** Whose blocks are copied. */
export interface BlockFile {
  /** Not all of this block is about what was recorded in this file: names, and what was said, are in it again. */
  isBeginning(block: PlacedBlock): boolean;
  /** As it lies there; undefined once the file is being closed. */
  blockAt(block: PlacedBlock): Promise<Uint8Array | undefined>;
  /** Its batches; undefined once the file is being closed. */
  batchesAt(position: number): Promise<readonly Uint8Array[] | undefined>;
}

export type BlocksOf = readonly [file: BlockFile, block: PlacedBlock];

/** Thrown by {@link writeCopy} when the session, or the server, was over before all of it was written. */
export class CopyOver extends Error {
  constructor() {
    super('the capture ended, or began anew, before all of it was written');
    this.name = 'CopyOver';
  }
}

/**
 * Writes it, as fast as it is taken, and closes the sink. Rejects with {@link CopyOver}, also once `isOver` says so, with
 * what is wrong with a file, or what the sink does not take: it is no recording then, and the sink is left open.
 */
export async function writeCopy(
  sink: Sink,
  { product, preface, names, stats }: Said,
  { trigger, facts }: CopyOptions,
  blocks: Iterable<BlocksOf> | AsyncIterable<BlocksOf>,
  isOver: () => boolean = () => false,
): Promise<void> {
  let fault: Error | undefined;
  const writer = new RecordingWriter(sink, { product, ...(trigger && { trigger }) }, (error) => {
    fault = error;
  });
  const orFault = () => {
    if (fault !== undefined) throw fault;
  };
  try {
    for (const message of preface) writer.message(message);
    for (const records of inParts(names)) await writer.batch(records);
    const recorder = new FactRecorder((message) => writer.message(message));
    for (const [packet, told] of facts) recorder.explained(packet, told);
    // who reads it through a pipe explains a packet by what was there before its records
    await writer.flush();
    for await (const [file, block] of blocks) {
      orFault();
      if (isOver() || !(await copyBlock(writer, file, block))) throw new CopyOver();
    }
    orFault();
    if (stats !== undefined) writer.message(stats);
    await writer.close();
    orFault();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** False once the file is being closed. */
async function copyBlock(writer: RecordingWriter, file: BlockFile, block: PlacedBlock): Promise<boolean> {
  if (!file.isBeginning(block)) {
    const bytes = await file.blockAt(block);
    if (bytes === undefined) return false;
    if (bytes.length < block.bytes)
      throw new RecordingError(`what is kept ends within the block at byte ${block.position}`);
    await writer.copy(bytes, block.counts);
    return true;
  }
  // which says what came before the records of its file, and has been said
  const batches = await file.batchesAt(block.position);
  for (const records of batches ?? []) await writer.batch(records);
  return batches !== undefined;
}
