/** Blocks of a pcapng file (draft-ietf-opsawg-pcapng), each bounded. Little-endian, as ours are written. */
import type { PcapngBlock } from '../../core/model/import/pcapng.ts';
import type { Bytes } from '../recording/bytes.ts';
import { RecordingError } from '../recording/format.ts';

/** None that is written here is near. */
const BLOCK_BYTES_MAX = 1 << 20;
const OVERHEAD_BYTES = 12;
/** Blocks that are given at once. */
const AT_ONCE = 1024;

export interface PlacedBlock extends PcapngBlock {
  /** Byte at which it begins. */
  readonly at: number;
}

/** `cut` hears of the byte at which a last block begins that is not whole. Throws a {@link RecordingError}. */
export async function* blocksOf(
  bytes: Bytes,
  cut: (at: number) => void,
): AsyncGenerator<readonly PlacedBlock[]> {
  let blocks: PlacedBlock[] = [];
  for (;;) {
    const block = await nextBlock(bytes, cut).catch((error: unknown) => error);
    if (block instanceof Error || block === undefined || blocks.length >= AT_ONCE) {
      yield blocks;
      blocks = [];
    }
    if (block instanceof Error) throw block;
    if (block === undefined) return;
    blocks.push(block as PlacedBlock);
  }
}

async function nextBlock(bytes: Bytes, cut: (at: number) => void): Promise<PlacedBlock | undefined> {
  const at = bytes.position;
  const head = await bytes.take(8);
  if (head.length === 0) return undefined;
  if (head.length < 8) return cutAt(at, cut);
  const length = head.readUInt32LE(4);
  if (length < OVERHEAD_BYTES || length > BLOCK_BYTES_MAX || length % 4 !== 0)
    throw new RecordingError(
      `the block at byte ${at} says that it has ${length} bytes, which none of ours has`,
    );
  const rest = await bytes.take(length - 8);
  if (rest.length < length - 8) return cutAt(at, cut);
  if (rest.readUInt32LE(length - 12) !== length)
    throw new RecordingError(`the block at byte ${at} has two lengths`);
  return { type: head.readUInt32LE(0), body: rest.subarray(0, length - OVERHEAD_BYTES), at };
}

function cutAt(at: number, cut: (at: number) => void): undefined {
  cut(at);
}
