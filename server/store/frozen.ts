/** The last of the session that is being kept, as a recording of its own: its blocks are copied as they lie on the disk. */
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordedMessage } from '../../core/messages/recording.ts';
import type { RecordingTrigger } from '../../core/messages/source.ts';
import { FactRecorder } from '../recording/facts.ts';
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
  /** The last counts. */
  readonly stats: RecordedMessage | undefined;
}

/** Thrown by {@link writeFrozen} when the session was over before all of it was written. */
export class FreezeOver extends Error {
  constructor() {
    super('the capture began anew before all of it was written');
    this.name = 'FreezeOver';
  }
}

/** Rejects with {@link FreezeOver}, or with what is wrong with the disk; the file is no recording then. */
export async function writeFrozen(
  { product, preface, names, blocks, stats }: FrozenBlocks,
  { path, trigger, facts }: FreezeRequest,
): Promise<void> {
  const sink = await openFileSink(path);
  let fault: Error | undefined;
  const writer = new RecordingWriter(sink, { product, trigger }, (error) => {
    fault = error;
  });
  try {
    for (const message of preface) writer.message(message);
    if (names.length > 0) await writer.batch(names);
    const recorder = new FactRecorder((message) => writer.message(message));
    for (const [packet, told] of facts) recorder.explained(packet, told);
    for (const [part, block] of blocks) {
      if (fault !== undefined) break;
      if (!(await copyBlock(writer, part, block))) throw new FreezeOver();
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

/** False once the part is being closed. */
async function copyBlock(writer: RecordingWriter, part: Part, block: PlacedBlock): Promise<boolean> {
  if (block.block > 0) {
    const bytes = await part.blockAt(block);
    if (bytes !== undefined) await writer.copy(bytes, block.counts);
    return bytes !== undefined;
  }
  // a part's first block says what came before its records, which has been said
  const batches = await part.batchesAt(block.position);
  for (const records of batches ?? []) await writer.batch(records);
  return batches !== undefined;
}
