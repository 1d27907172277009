/** The last of the session that is being kept, as a recording of its own. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RecordingTrigger } from '../../core/messages/source.ts';
import { formatBytes } from '../../core/model/format.ts';
import { RecordingError } from '../recording/format.ts';
import { openFileSink } from '../recording/sink.ts';
import type { PlacedBlock } from '../recording/writer.ts';
import { type CopyOptions, type Said, writeCopy } from './copy.ts';
import type { Part } from './part.ts';

export interface FreezeRequest extends CopyOptions {
  /** Of a new file. */
  readonly path: string;
  /** That is to be frozen, not one that followed. */
  readonly session: number;
  readonly sinceNs: number;
  readonly trigger: RecordingTrigger;
}

export interface FrozenBlocks extends Said {
  readonly blocks: readonly (readonly [Part, PlacedBlock])[];
  /** The parts that they are in may give way again. */
  readonly release: () => void;
}

/** As {@link writeCopy} does, into a new file. */
export async function writeFrozen(
  { blocks, ...said }: Omit<FrozenBlocks, 'release'>,
  { path, trigger, facts }: FreezeRequest,
  isOver?: () => boolean,
): Promise<void> {
  await refuseWithoutRoom(path, blocks);
  const sink = await openFileSink(path);
  try {
    await writeCopy(sink, said, { trigger, facts }, blocks, isOver);
  } catch (error) {
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
