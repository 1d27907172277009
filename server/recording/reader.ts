/** Reads a recording, and believes none of it: every length is bounded, every block has its CRC, every message its schema. */
import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, crc32, inflateRaw } from 'node:zlib';
import { check, type Schema } from '../../core/base/schema.ts';
import { FRAME_TYPE } from '../../core/messages/frames.ts';
import {
  layoutDifference,
  type RecordedItem,
  type RecordedMessage,
  type RecordingHeader,
  type RecordingSummary,
  recordedSchemaOf,
  recordingHeaderSchema,
  recordingSummarySchema,
} from '../../core/messages/recording.ts';
import { FrameDecoder, ProtocolError } from '../sources/framing.ts';
import { type Bytes, type FileBytes, fileBytes, streamBytes } from './bytes.ts';
import { turnBack, turnedMax } from './columns.ts';
import {
  BLOCK_HEADER_BYTES,
  BLOCK_TYPE,
  type BlockHeader,
  blockCrc,
  CODING,
  type Coding,
  decodeBlockHeader,
  decodePreface,
  decodeTrailer,
  PREFACE_BYTES,
  RecordingError,
  TRAILER_BYTES,
} from './format.ts';
import type { Recorded } from './recorded.ts';

type Inflate = (stored: Buffer, options: object) => Promise<Buffer>;
const undeflate = promisify(inflateRaw) as Inflate;
const unbrotli = promisify(brotliDecompress) as Inflate;

/** A block's bytes; undefined, or rejected, where they are not those that there were. */
const DECODE: Readonly<
  Record<Coding, (stored: Buffer, rawBytes: number) => Promise<Buffer | undefined> | Buffer>
> = {
  [CODING.none]: (stored) => stored,
  [CODING.deflate]: (stored, rawBytes) => undeflate(stored, atMost(rawBytes)),
  [CODING.brotli]: (stored, rawBytes) => unbrotli(stored, atMost(rawBytes)),
  [CODING.columns]: async (stored, rawBytes) =>
    turnBack(await unbrotli(stored, atMost(turnedMax(rawBytes))), rawBytes),
};
const atMost = (bytes: number) => ({ maxOutputLength: Math.max(1, bytes) });

const CANNOT: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not allowed',
};

/** Its descriptor. Throws a {@link RecordingError}. */
export function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new RecordingError(CANNOT[code] ?? message);
  }
}

/** A file, or a pipe that has a name. Throws a {@link RecordingError}, and closes it then. */
export function openBytes(fd: number): Bytes | FileBytes {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) {
    closeSync(fd);
    throw new RecordingError('it is a folder');
  }
  return stat.isFile() ? fileBytes(fd, stat.size) : streamBytes(createReadStream('', { fd }));
}

/** What is in one block, and the byte at which that begins; see {@link readBlock}. */
export interface RecordedBlock {
  readonly at: number;
  readonly items: Iterable<RecordedItem>;
}

export class Recording implements Recorded {
  readonly header: RecordingHeader;
  /** Undefined: it was not closed, or comes through a pipe. */
  readonly summary: RecordingSummary | undefined;
  readonly #bytes: Bytes;
  readonly #file: FileBytes | undefined;
  readonly #bodyAt: number;
  #cutAt: number | undefined;

  private constructor(
    header: RecordingHeader,
    bodyAt: number,
    bytes: Bytes,
    of: { readonly file: FileBytes; readonly summary: RecordingSummary | undefined } | undefined,
  ) {
    this.header = header;
    this.summary = of?.summary;
    this.#bytes = bytes;
    this.#file = of?.file;
    this.#bodyAt = bodyAt;
  }

  /** Opens a file by its path or, given the standard input, a pipe. Throws a {@link RecordingError}. */
  static async open(path: string, input?: Readable): Promise<Recording> {
    if (input !== undefined) return Recording.begin(streamBytes(input));
    const bytes = openBytes(openForReading(path));
    try {
      return await Recording.begin(bytes);
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  /** The same of bytes of which none was taken; they are closed with it. */
  static begin(bytes: Bytes | FileBytes): Promise<Recording> {
    return Recording.#begin(bytes, 'at' in bytes ? bytes : undefined);
  }

  static async #begin(bytes: Bytes, file: FileBytes | undefined): Promise<Recording> {
    const preface = await bytes.take(PREFACE_BYTES);
    if (preface.length === 0) throw new RecordingError('it is empty');
    const filled = Buffer.concat([preface, Buffer.alloc(PREFACE_BYTES - preface.length)]);
    const { bytes: jsonBytes, crc } = decodePreface(filled);
    const json = await bytes.take(jsonBytes);
    if (json.length < jsonBytes) throw new RecordingError('it ends within its header');
    if (crc32(json) !== crc) throw new RecordingError('its header is damaged');
    const header = checked(recordingHeaderSchema, parseJson(json), 'its header');
    const difference = layoutDifference(header.layout);
    if (difference !== undefined)
      throw new RecordingError(
        `skbtracer ${header.product} wrote its records in another way (${difference}): read it with that one`,
      );
    const bodyAt = PREFACE_BYTES + jsonBytes;
    const of = file && { file, summary: await readSummary(file, bodyAt) };
    return new Recording(header, bodyAt, bytes, of);
  }

  /** Where the last block was cut off, bytes; known once all was read. Undefined when none was. */
  get cutAt(): number | undefined {
    return this.#cutAt;
  }

  get missing(): string | undefined {
    if (this.#cutAt !== undefined)
      return `the recording was cut off at byte ${this.#cutAt}; what was before that is here`;
    return this.isFile && this.summary === undefined
      ? 'the recording was not closed: what its last second had may be missing'
      : undefined;
  }

  get share(): number | undefined {
    return this.#file && this.#file.position / Math.max(1, this.#file.size);
  }

  get isFile(): boolean {
    return this.#file !== undefined;
  }

  /** Passes over whatever is wrong elsewhere: that is told later. */
  async *facts(): AsyncGenerator<RecordedMessage> {
    const file = this.#file;
    if (file === undefined) return;
    for (let at = this.#bodyAt; at + BLOCK_HEADER_BYTES <= file.size; ) {
      const bytes = await file.at(at, BLOCK_HEADER_BYTES);
      const header = headerOrNot(bytes, at);
      if (header === undefined) return;
      if (header.type === BLOCK_TYPE.facts) {
        const stored = await file.at(at + BLOCK_HEADER_BYTES, header.storedBytes);
        if (stored.length < header.storedBytes) return;
        for (const item of itemsOf(await inflated(header, bytes, stored, at), at))
          if (item.kind === 'message') yield item.message;
      }
      at += BLOCK_HEADER_BYTES + header.storedBytes;
    }
  }

  async *items(): AsyncGenerator<RecordedItem> {
    for await (const { items } of this.blocks()) yield* items;
  }

  /** Everything by block. What is wrong within one is thrown where its items are read. */
  async *blocks(): AsyncGenerator<RecordedBlock> {
    for (let at = this.#bodyAt; ; ) {
      const bytes = await this.#bytes.take(BLOCK_HEADER_BYTES);
      if (bytes.length === 0) return;
      if (bytes.length < BLOCK_HEADER_BYTES) {
        this.#cutAt = at;
        return;
      }
      const header = decodeBlockHeader(bytes, at);
      const stored = await this.#bytes.take(header.storedBytes);
      if (stored.length < header.storedBytes) {
        this.#cutAt = at;
        return;
      }
      const raw = await inflated(header, bytes, stored, at);
      if (header.type === BLOCK_TYPE.summary) {
        const end = at + BLOCK_HEADER_BYTES + header.storedBytes;
        if ((await this.#bytes.take(TRAILER_BYTES)).length < TRAILER_BYTES) this.#cutAt = end;
        return;
      }
      yield { at, items: itemsOf(raw, at) };
      at += BLOCK_HEADER_BYTES + header.storedBytes;
    }
  }

  close(): Promise<void> {
    return this.#bytes.close();
  }
}

/** What is in the one block at this byte; see RecordingWriter. Throws a {@link RecordingError}. */
export async function readBlock(file: Pick<FileBytes, 'at'>, at: number): Promise<readonly RecordedItem[]> {
  const bytes = await file.at(at, BLOCK_HEADER_BYTES);
  if (bytes.length < BLOCK_HEADER_BYTES) throw new RecordingError(`there is no block at byte ${at}`);
  const header = decodeBlockHeader(bytes, at);
  const stored = await file.at(at + BLOCK_HEADER_BYTES, header.storedBytes);
  return [...itemsOf(await inflated(header, bytes, stored, at), at)];
}

async function readSummary(file: FileBytes, bodyAt: number): Promise<RecordingSummary | undefined> {
  if (file.size < bodyAt + BLOCK_HEADER_BYTES + TRAILER_BYTES) return undefined;
  const end = file.size - TRAILER_BYTES;
  const at = decodeTrailer(await file.at(end, TRAILER_BYTES));
  if (at === undefined) return undefined;
  if (at < bodyAt || at > end - BLOCK_HEADER_BYTES)
    throw new RecordingError(`its summary is said to be at byte ${at}, which is not in it`);
  const bytes = await file.at(at, BLOCK_HEADER_BYTES);
  const header = decodeBlockHeader(bytes, at);
  if (header.type !== BLOCK_TYPE.summary || at + BLOCK_HEADER_BYTES + header.storedBytes !== end)
    throw new RecordingError(`its summary at byte ${at} is damaged`);
  const raw = await inflated(header, bytes, await file.at(at + BLOCK_HEADER_BYTES, header.storedBytes), at);
  return checked(recordingSummarySchema, parseJson(raw), `its summary at byte ${at}`);
}

function headerOrNot(bytes: Buffer, at: number): BlockHeader | undefined {
  try {
    return decodeBlockHeader(bytes, at);
  } catch {
    return undefined;
  }
}

async function inflated(header: BlockHeader, bytes: Buffer, stored: Buffer, at: number): Promise<Buffer> {
  const damaged = () => new RecordingError(`the block at byte ${at} is damaged`);
  if (blockCrc(bytes, stored) !== header.crc) throw damaged();
  const raw = await Promise.resolve(DECODE[header.coding](stored, header.rawBytes)).catch(() => undefined);
  if (raw?.length !== header.rawBytes) throw damaged();
  return raw;
}

function* itemsOf(raw: Buffer, at: number): Generator<RecordedItem> {
  const decoder = new FrameDecoder();
  try {
    for (const { type, payload } of decoder.push(raw)) {
      if (type === FRAME_TYPE.batch) yield { kind: 'batch', records: payload };
      else {
        const json = parseJson(payload);
        const message = checked(recordedSchemaOf(json), json, `a message in the block at byte ${at}`);
        if (message.type !== 'reply') yield { kind: 'message', message };
      }
    }
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new RecordingError(`the block at byte ${at} is wrong: ${error.message}`);
    throw error;
  }
  if (!decoder.isBetweenFrames) throw new RecordingError(`the block at byte ${at} ends within a message`);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

function checked<T>(schema: Schema<T>, value: unknown, what: string): T {
  const result = check(schema, value);
  if (!result.ok) throw new RecordingError(`${what} is wrong: ${result.problem}`);
  return result.value;
}
