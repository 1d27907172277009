/** Writes a recording: what comes from a source, in blocks that are compressed beside it, in bounded memory. */
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { FRAME_TYPE } from '../../core/messages/frames.ts';
import type { RecordedMessage, RecordingHeader, RecordingSummary } from '../../core/messages/recording.ts';
import type { TracerStats } from '../../core/messages/source.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import * as layout from '../../core/wire/layout.gen.ts';
import { frameHeader, messageFrame } from '../sources/framing.ts';
import { WaitingRoom } from '../waiting-room.ts';
import { turn } from './columns.ts';
import {
  BLOCK_BYTES,
  BLOCK_TYPE,
  type BlockType,
  CODING,
  encodeBlockHeader,
  encodePreface,
  encodeTrailer,
} from './format.ts';
import type { Sink } from './sink.ts';

const compress = promisify(brotliCompress) as (raw: Buffer, options: object) => Promise<Buffer>;

/** A block is closed after so long, however little is in it: what a SIGKILL costs. */
const FLUSH_MS = 1000;
/** Blocks on their way to the disk; beyond that the source is made to wait, and the kernel counts. */
const BLOCKS_WAITING_MAX = 8;

/** A window as large as a block; more effort than 2 costs half as much time again for a fourteenth of the room. */
const PARAMS = { [constants.BROTLI_PARAM_QUALITY]: 2, [constants.BROTLI_PARAM_LGWIN]: 20 };

/** Bytes that become a block. */
class Pending {
  readonly type: BlockType;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(type: BlockType) {
    this.type = type;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    }
  }

  take(): Buffer {
    const all = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    return all;
  }
}

/** What a block of frames has. */
export interface BlockCounts {
  readonly records: number;
  /** Records that are events. */
  readonly events: number;
  readonly recordBytes: number;
  /** Of its events; 0 where there are none. */
  readonly firstNs: number;
  readonly lastNs: number;
}

/** Where a block of frames lies, once it is in the file; they count from 0. */
export interface PlacedBlock {
  readonly block: number;
  readonly position: number;
  readonly bytes: number;
  readonly counts: BlockCounts;
}

const NOTHING: BlockCounts = { records: 0, events: 0, recordBytes: 0, firstNs: 0, lastNs: 0 };

const sum = (a: BlockCounts, b: BlockCounts): BlockCounts => ({
  records: a.records + b.records,
  events: a.events + b.events,
  recordBytes: a.recordBytes + b.recordBytes,
  firstNs: a.firstNs === 0 || (b.firstNs !== 0 && b.firstNs < a.firstNs) ? b.firstNs : a.firstNs,
  lastNs: Math.max(a.lastNs, b.lastNs),
});

/**
 * Takes what a source says, in its order. What is not on the disk after a second is on its way there; the disk's
 * faults come by `failed`, once, after which nothing more is taken.
 */
export class RecordingWriter {
  /** As its header says. */
  readonly createdUnixMs: number;
  readonly #sink: Sink;
  readonly #failed: (error: Error) => void;
  readonly #frames = new Pending(BLOCK_TYPE.frames);
  readonly #facts = new Pending(BLOCK_TYPE.facts);
  readonly #cursor = new RecordCursor();
  readonly #timer: NodeJS.Timeout;
  #written: Promise<void>;
  #position = 0;
  readonly #room = new WaitingRoom(BLOCKS_WAITING_MAX);
  #isBroken = false;
  /** Of blocks that are closed, and of the next. */
  #closed = NOTHING;
  #counts = NOTHING;
  #stats: TracerStats | undefined;
  #blocks = 0;
  readonly #placed: ((placed: PlacedBlock) => void) | undefined;

  /** `placed` hears of each block of frames, once it is in the file. */
  constructor(
    sink: Sink,
    {
      product,
      trigger,
      createdUnixMs = Date.now(),
    }: Pick<RecordingHeader, 'product' | 'trigger'> & {
      readonly createdUnixMs?: number;
    },
    failed: (error: Error) => void,
    placed?: (placed: PlacedBlock) => void,
  ) {
    this.createdUnixMs = createdUnixMs;
    this.#sink = sink;
    this.#failed = failed;
    this.#placed = placed;
    const header: RecordingHeader = {
      format: 'skbtracer recording',
      product,
      createdUnixMs,
      ...(trigger && { trigger }),
      layout: { ...layout },
    };
    const json = Buffer.from(JSON.stringify(header));
    this.#written = this.#write(Buffer.concat([encodePreface(json), json]));
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Bytes given to the disk. */
  get position(): number {
    return this.#position;
  }

  /** It could not be written further. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Number of the block that what is written next will be in. */
  get block(): number {
    return this.#blocks;
  }

  /** Events that came, and records that were not understood (they are in it all the same). */
  get counts(): { readonly arrived: number; readonly malformed: number } {
    return { arrived: this.#closed.events + this.#counts.events, malformed: this.#cursor.malformed };
  }

  message(message: RecordedMessage): void {
    if (this.#isBroken) return;
    if (message.type === 'stats') this.#stats = message.stats;
    const isFacts = message.type === 'fact' || message.type === 'explained';
    (isFacts ? this.#facts : this.#frames).add(messageFrame(message));
    this.#closeFull();
  }

  /** Copies whole records; the promise, when there is one, resolves once there is room for more. */
  batch(records: Uint8Array): Promise<void> | undefined {
    if (this.#isBroken) return undefined;
    this.#note(records);
    this.#frames.add(frameHeader(FRAME_TYPE.batch, records.length), Buffer.from(records));
    this.#closeFull();
    return this.#room.room();
  }

  /** A block of another recording, as it lies there; resolves once there is room for more. */
  async copy(block: Uint8Array, counts: BlockCounts): Promise<void> {
    if (this.#isBroken) return;
    this.#closeBlock(this.#frames);
    this.#closed = sum(this.#closed, counts);
    this.#blocks += 1;
    this.#room.enter();
    this.#written = this.#written.then(() => this.#write(Buffer.from(block))).then(() => this.#room.leave());
    await this.#room.room();
  }

  /** Writes what is left and the summary. Resolves when all of it is on the disk, or cannot be brought there. */
  async close(): Promise<RecordingSummary> {
    clearInterval(this.#timer);
    const { events: _, ...counts } = sum(this.#closed, this.#counts);
    const summary: RecordingSummary = {
      closedUnixMs: Date.now(),
      ...counts,
      ...(this.#stats && { stats: this.#stats }),
    };
    this.#closeBlock(this.#frames);
    this.#closeBlock(this.#facts);
    await this.#written;
    const raw = Buffer.from(JSON.stringify(summary));
    const summaryAt = this.#position;
    const header = encodeBlockHeader(BLOCK_TYPE.summary, CODING.none, raw, raw.length);
    await this.#write(Buffer.concat([header, raw, encodeTrailer(summaryAt)]));
    await this.#guard(() => this.#sink.sync());
    // also of what could not be written to its end, which has been told then
    await this.#sink.close().catch((error: unknown) => this.#guard(() => Promise.reject(error)));
    return summary;
  }

  /** Stops writing where it is: what was written is no whole recording. Closes nothing. */
  abandon(): void {
    clearInterval(this.#timer);
    this.#isBroken = true;
  }

  #note(bytes: Uint8Array): void {
    const cursor = this.#cursor;
    cursor.reset(bytes);
    let { records, events, firstNs, lastNs } = this.#counts;
    while (cursor.next()) {
      records += 1;
      if (cursor.isName) continue;
      events += 1;
      const { timeNs } = cursor;
      if (firstNs === 0 || timeNs < firstNs) firstNs = timeNs;
      if (timeNs > lastNs) lastNs = timeNs;
    }
    const recordBytes = this.#counts.recordBytes + bytes.length;
    this.#counts = { records, events, recordBytes, firstNs, lastNs };
  }

  /** Writes what waits, and brings it to the disk; resolves when it is there, or cannot be brought there. */
  flush(): Promise<void> {
    this.#flush();
    return this.#written;
  }

  #flush(): void {
    if (this.#frames.bytes + this.#facts.bytes === 0) return;
    this.#closeBlock(this.#frames);
    this.#closeBlock(this.#facts);
    this.#written = this.#written.then(() => this.#guard(() => this.#sink.sync()));
  }

  #closeFull(): void {
    for (const pending of [this.#frames, this.#facts])
      if (pending.bytes >= BLOCK_BYTES) this.#closeBlock(pending);
  }

  #closeBlock(pending: Pending): void {
    if (pending.bytes === 0 || this.#isBroken) return;
    const raw = pending.take();
    const isFrames = pending.type === BLOCK_TYPE.frames;
    const block = isFrames ? this.#blocks++ : undefined;
    const counts = this.#counts;
    if (isFrames) {
      this.#closed = sum(this.#closed, counts);
      this.#counts = NOTHING;
    }
    this.#room.enter();
    // several are compressed at once, and written in their order
    const turned = turn(raw);
    const small = compress(turned, {
      params: { ...PARAMS, [constants.BROTLI_PARAM_SIZE_HINT]: turned.length },
    });
    small.catch(() => undefined);
    this.#written = this.#written.then(() =>
      this.#guard(async () => {
        const stored = await small;
        const isSmaller = stored.length < raw.length;
        const body = isSmaller ? stored : raw;
        const coding = isSmaller ? CODING.columns : CODING.none;
        const header = encodeBlockHeader(pending.type, coding, body, raw.length);
        const position = this.#position;
        await this.#put(Buffer.concat([header, body]));
        const bytes = this.#position - position;
        if (block !== undefined) this.#placed?.({ block, position, bytes, counts });
      }).then(() => this.#room.leave()),
    );
  }

  #write(bytes: Buffer): Promise<void> {
    return this.#guard(() => this.#put(bytes));
  }

  async #put(bytes: Buffer): Promise<void> {
    await this.#sink.write(bytes);
    this.#position += bytes.length;
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    if (this.#isBroken) return;
    try {
      await work();
    } catch (error) {
      this.#isBroken = true;
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
