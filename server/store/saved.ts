/**
 * Everything of a session that is being kept, for whoever saves it: read from its files beside the thread that writes them,
 * which goes on, and goes on to the next session. It does not give way meanwhile; see Keeper.saved.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { fileBytes } from '../recording/bytes.ts';
import { RecordingError } from '../recording/format.ts';
import { readBlock } from '../recording/reader.ts';
import type { Sink } from '../recording/sink.ts';
import type { PlacedBlock } from '../recording/writer.ts';
import { type BlockFile, type BlocksOf, type CopyOptions, type Said, writeCopy } from './copy.ts';

/** A file of it, as far as it was written when it was asked for. */
export interface SavedPart {
  readonly name: string;
  readonly path: string;
  /** Blocks up to this one have what was said before its first record. */
  readonly beginning: number;
  /** See {@link packBlocks}. */
  readonly blocks: Float64Array<ArrayBuffer>;
}

export interface SavedSession extends Said {
  readonly session: number;
  readonly names: Uint8Array<ArrayBuffer>;
  /** Oldest first. */
  readonly parts: readonly SavedPart[];
}

const FIELDS = 8;

/** A long session has half a million: as numbers, which pass from thread to thread at once. */
export function packBlocks(blocks: readonly PlacedBlock[]): Float64Array<ArrayBuffer> {
  const packed = new Float64Array(blocks.length * FIELDS);
  blocks.forEach(({ block, position, bytes, counts }, i) => {
    const { records, events, recordBytes, firstNs, lastNs } = counts;
    packed.set([block, position, bytes, records, events, recordBytes, firstNs, lastNs], i * FIELDS);
  });
  return packed;
}

function* unpackBlocks(packed: Float64Array): Generator<PlacedBlock> {
  for (let at = 0; at < packed.length; at += FIELDS) {
    const [block = 0, position = 0, bytes = 0, ...of] = packed.subarray(at, at + FIELDS);
    const [records = 0, events = 0, recordBytes = 0, firstNs = 0, lastNs = 0] = of;
    yield { block, position, bytes, counts: { records, events, recordBytes, firstNs, lastNs } };
  }
}

/**
 * Writes it, as fast as it is taken; `passed` hears of each part that nothing more is read of. Rejects as {@link writeCopy}
 * does, and when a part is no longer there. No file is open then.
 */
export function writeSaved(
  sink: Sink,
  { parts, ...said }: SavedSession,
  facts: CopyOptions['facts'],
  passed: () => void = () => undefined,
): Promise<void> {
  return writeCopy(sink, said, { facts }, blocksOf(parts, passed));
}

async function* blocksOf(parts: readonly SavedPart[], passed: () => void): AsyncGenerator<BlocksOf> {
  for (const part of parts) {
    const handle = await openPart(part);
    try {
      const file = fileOf(part, handle, (await handle.stat()).size);
      for (const block of unpackBlocks(part.blocks)) yield [file, block];
    } finally {
      await handle.close();
    }
    passed();
  }
}

async function openPart({ name, path }: SavedPart): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RecordingError(
      code === 'ENOENT' ? `${name} gave way, or was removed, before it was read` : message,
    );
  }
}

function fileOf({ beginning }: SavedPart, { fd }: FileHandle, size: number): BlockFile {
  const bytes = fileBytes(fd, size);
  return {
    isBeginning: ({ block }) => block <= beginning,
    blockAt: (block) => bytes.at(block.position, block.bytes),
    async batchesAt(position) {
      const items = await readBlock(bytes, position);
      return items.flatMap((item) => (item.kind === 'batch' ? [item.records] : []));
    },
  };
}
