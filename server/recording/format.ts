/**
 * How a recording lies on the disk: a header that says what it is, blocks that each stand for themselves, and, when it
 * was closed, a summary with the trailer that says where that is. All numbers little-endian. docs/recordings.md.
 */
import { crc32 } from 'node:zlib';
import { FRAME_HEADER_BYTES, FRAME_MAX_BYTES } from '../../core/messages/frames.ts';

export const MAGIC = Buffer.from('SKBTREC\n');
export const END_MAGIC = Buffer.from('SKBTEND\n');
/** 2 has blocks in brotli instead of deflate, 3 turns them around before. */
export const FORMAT_VERSION = 3;
const OLDEST_VERSION = 1;

/** `magic`, u32 version, u32 bytes of the JSON that follows, u32 its CRC. */
export const PREFACE_BYTES = 20;
export const HEADER_MAX_BYTES = 1 << 20;

export const BLOCK_TYPE = {
  /** Frames of core/messages/frames.ts, whole ones. */
  frames: 1,
  /** The same, of facts only: they are looked for before the packets that they explain are read. */
  facts: 2,
  /** JSON: a RecordingSummary. Nothing but the trailer follows. */
  summary: 3,
} as const;
export type BlockType = (typeof BLOCK_TYPE)[keyof typeof BLOCK_TYPE];

/** How a block's body is compressed. */
export const CODING = {
  none: 0,
  deflate: 1,
  brotli: 2,
  /** Turned around ({@link file://./columns.ts}), then brotli. */
  columns: 3,
} as const;
export type Coding = (typeof CODING)[keyof typeof CODING];

/** `BLOCK`, u8 type, u8 coding, u16 0, u32 bytes here, u32 bytes when inflated, u32 CRC of both. */
export const BLOCK_HEADER_BYTES = 20;
const BLOCK = 0x42424b53; // "SKBB"

/** A block is closed when it has this many bytes; the frame that makes it full is whole in it. */
export const BLOCK_BYTES = 1 << 20;
export const BLOCK_MAX_BYTES = BLOCK_BYTES + FRAME_MAX_BYTES + FRAME_HEADER_BYTES;

/** u64 where the summary's block begins, `END_MAGIC`. */
export const TRAILER_BYTES = 16;

export interface BlockHeader {
  readonly type: BlockType;
  readonly coding: Coding;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly crc: number;
}

/** What is wrong with a recording, and where. Its message is for people. */
export class RecordingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecordingError';
  }
}

const isBlockType = (type: number): type is BlockType =>
  type >= BLOCK_TYPE.frames && type <= BLOCK_TYPE.summary;

const isCoding = (coding: number): coding is Coding => coding >= CODING.none && coding <= CODING.columns;

export function encodePreface(json: Buffer): Buffer {
  const preface = Buffer.alloc(PREFACE_BYTES);
  MAGIC.copy(preface);
  preface.writeUInt32LE(FORMAT_VERSION, 8);
  preface.writeUInt32LE(json.length, 12);
  preface.writeUInt32LE(crc32(json), 16);
  return preface;
}

/** Bytes and CRC of the header's JSON. Throws a {@link RecordingError}. */
export function decodePreface(preface: Buffer): { readonly bytes: number; readonly crc: number } {
  if (!preface.subarray(0, MAGIC.length).equals(MAGIC))
    throw new RecordingError('it is no recording of skbtracer');
  const version = preface.readUInt32LE(8);
  if (version < OLDEST_VERSION || version > FORMAT_VERSION)
    throw new RecordingError(
      `it is a recording in format ${version}, and this skbtracer reads formats ${OLDEST_VERSION} to ${FORMAT_VERSION}: use the one that wrote it, or a newer one`,
    );
  const bytes = preface.readUInt32LE(12);
  if (bytes === 0 || bytes > HEADER_MAX_BYTES)
    throw new RecordingError(`its header says that it has ${bytes} bytes, of ${HEADER_MAX_BYTES} at most`);
  return { bytes, crc: preface.readUInt32LE(16) };
}

/** A block's header; its CRC is that of the header without it and of what follows, so that no byte is beyond it. */
export function encodeBlockHeader(
  type: BlockType,
  coding: Coding,
  stored: Uint8Array,
  rawBytes: number,
): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt32LE(BLOCK, 0);
  header.writeUInt8(type, 4);
  header.writeUInt8(coding, 5);
  header.writeUInt32LE(stored.length, 8);
  header.writeUInt32LE(rawBytes, 12);
  header.writeUInt32LE(blockCrc(header, stored), 16);
  return header;
}

/** Throws a {@link RecordingError} before anything that the header asks for is allocated. */
export function decodeBlockHeader(header: Buffer, at: number): BlockHeader {
  const where = `at byte ${at}`;
  if (header.readUInt32LE(0) !== BLOCK) throw new RecordingError(`there is no block ${where}`);
  const type = header.readUInt8(4);
  const coding = header.readUInt8(5);
  const storedBytes = header.readUInt32LE(8);
  const rawBytes = header.readUInt32LE(12);
  if (!isBlockType(type) || !isCoding(coding) || header.readUInt16LE(6) !== 0)
    throw new RecordingError(`the block ${where} is of an unknown kind`);
  if (storedBytes > BLOCK_MAX_BYTES || rawBytes > BLOCK_MAX_BYTES)
    throw new RecordingError(
      `the block ${where} says that it has ${Math.max(storedBytes, rawBytes)} bytes, of ${BLOCK_MAX_BYTES} at most`,
    );
  if (coding === CODING.none && storedBytes !== rawBytes)
    throw new RecordingError(`the block ${where} is not compressed and has two lengths`);
  return { type, coding, storedBytes, rawBytes, crc: header.readUInt32LE(16) };
}

/** The CRC that a block must have. */
export const blockCrc = (header: Buffer, stored: Uint8Array): number =>
  crc32(stored, crc32(header.subarray(0, BLOCK_HEADER_BYTES - 4)));

export function encodeTrailer(summaryAt: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeBigUInt64LE(BigInt(summaryAt), 0);
  END_MAGIC.copy(trailer, 8);
  return trailer;
}

/** Where the summary's block begins; undefined when these bytes are no trailer: the recording was not closed. */
export function decodeTrailer(trailer: Buffer): number | undefined {
  if (!trailer.subarray(8, TRAILER_BYTES).equals(END_MAGIC)) return undefined;
  const at = Number(trailer.readBigUInt64LE(0));
  return Number.isSafeInteger(at) ? at : undefined;
}
