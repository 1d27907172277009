/** A recording that is being written, with the index of its packets beside it. */
import { closeSync, existsSync, openSync } from 'node:fs';
import type { RecordedMessage } from '../../core/messages/recording.ts';
import { fileBytes } from '../recording/bytes.ts';
import { readBlock } from '../recording/reader.ts';
import { openFileSink, type Sink } from '../recording/sink.ts';
import { type PlacedBlock, RecordingWriter } from '../recording/writer.ts';
import type { Places } from './blocks.ts';
import type { BlockFile } from './copy.ts';
import type { Rows } from './names.ts';
import type { OpenPartIndex, PartIndex } from './part-index.ts';
import { packBlocks, type SavedPart } from './saved.ts';
import type { EventTable, RowOf, RowSink } from './schema.ts';
import { INDEX_SUFFIX, RECORDING_SUFFIX, type Shelf } from './shelf.ts';

export interface PartListener {
  /** It cannot be written further; once. */
  failed(error: Error): void;
  /** Only its index cannot: packets are not found in it any more. Once. */
  indexFailed(error: Error): void;
}

export class Part implements RowSink, BlockFile {
  readonly name: string;
  readonly #path: string;
  readonly #writer: RecordingWriter;
  readonly #index: PartIndex;
  readonly #product: string;
  readonly #fd: number;
  /** By number: where each lies, and what is in it. */
  readonly #blocks: PlacedBlock[] = [];
  /** What is being read is read to its end before anything is closed. */
  #reading: Promise<void> = Promise.resolve();
  #isClosing = false;
  #isFinishing = false;
  #flushing: Promise<void> | undefined;
  /** Blocks up to this one have what was said before its first record. */
  #beginning = 0;

  private constructor(shelf: Shelf, name: string, sink: Sink, of: Origin) {
    this.name = name;
    this.#path = shelf.path(name, RECORDING_SUFFIX);
    this.#fd = openSync(this.#path, 'r');
    this.#product = of.product;
    this.#index = of.openIndex(shelf.path(name, INDEX_SUFFIX), of.listener.indexFailed);
    this.#writer = new RecordingWriter(sink, { product: of.product }, of.listener.failed, (placed) => {
      const { block, position } = placed;
      this.#blocks[block] = placed;
      this.add('blocks', { block, position });
    });
  }

  /** A new one on the shelf. Throws what is wrong with it. */
  static async begin(shelf: Shelf, name: string, of: Origin): Promise<Part> {
    return new Part(shelf, name, await openFileSink(shelf.path(name, RECORDING_SUFFIX)), of);
  }

  /** What comes before its first record has been given to it. */
  begun(): void {
    this.#beginning = this.#writer.block;
  }

  isBeginning({ block }: PlacedBlock): boolean {
    return block <= this.#beginning;
  }

  /** Number of the block that what is written next will be in. */
  get block(): number {
    return this.#writer.block;
  }

  /** Of the recording, without its index. */
  get bytes(): number {
    return this.#writer.position;
  }

  message(message: RecordedMessage): void {
    this.#writer.message(message);
  }

  /** Copies whole records; the promise, when there is one, resolves once there is room for more. */
  batch(records: Uint8Array): Promise<void> | undefined {
    const room = this.#writer.batch(records);
    this.#index.events(records);
    const indexRoom = this.#index.room();
    return indexRoom === undefined ? room : Promise.all([room, indexRoom]).then(() => undefined);
  }

  add<T extends EventTable>(table: T, row: RowOf<T>): void {
    this.#index.add(table, row);
  }

  /** More comes than there is time for. Where its index is behind, that takes no time any more that it can do without. */
  hurry(): void {
    if (!this.#isFinishing && this.#index.room() !== undefined) void this.#index.leaveEvents();
  }

  /** What was given to it until now is in the file. */
  async flushFrames(): Promise<void> {
    await this.#writer.flush();
  }

  /** The same, and what its index has of that; both survive this process, the recording also a loss of power, as far as disks do. */
  async flush(): Promise<void> {
    await this.#writer.flush();
    // frames first: what the index has can be made of them
    await this.flushIndex();
  }

  /** One at a time: whoever asks again meanwhile has the same answer. */
  flushIndex(): Promise<void> {
    this.#flushing ??= this.#index
      .flush()
      .catch(() => undefined) // which is told as its fault
      .finally(() => {
        this.#flushing = undefined;
      });
    return this.#flushing;
  }

  /** Nobody has removed it. */
  get isThere(): boolean {
    return existsSync(this.#path);
  }

  /** Every batch that has records of a packet, in their order, with others'. Throws what is wrong with the files. */
  async batchesOf(packet: number): Promise<readonly Uint8Array[]> {
    const blocks = await this.#index.blocksOf(packet);
    if (blocks.some((block) => this.#blocks[block] === undefined)) await this.#writer.flush();
    const batches: Uint8Array[] = [];
    for (const block of blocks) {
      const position = this.#blocks[block]?.position;
      if (position === undefined) continue; // could not be written
      batches.push(...((await this.batchesAt(position)) ?? []));
    }
    return batches;
  }

  /**
   * Where the newest blocks lie that have records of these packets; undefined where that is not known, or the part is
   * being closed. Throws what is wrong with the index.
   */
  async placesOf(packets: Iterable<number>, max: number): Promise<Places | undefined> {
    await this.#writer.flush();
    if (this.#isClosing) return undefined;
    return this.#read(() => this.#index.placesOf(packets, max));
  }

  /** The batches of a block, by where it lies; undefined once the part is being closed. Throws what is wrong with it. */
  async batchesAt(position: number): Promise<readonly Uint8Array[] | undefined> {
    if (this.#isClosing) return undefined;
    const items = await this.#read(() => readBlock(fileBytes(this.#fd, this.#writer.position), position));
    return items.flatMap((item) => (item.kind === 'batch' ? [item.records] : []));
  }

  /** Blocks that have something of this time (ns) or later, and what is behind them, as far as they are flushed. */
  blocksSince(timeNs: number): readonly PlacedBlock[] {
    const first = this.#blocks.findIndex(({ counts }) => counts.lastNs >= timeNs);
    return first < 0 ? [] : this.#blocks.slice(first);
  }

  /** For who reads it beside this thread, as far as it is flushed. */
  get saved(): SavedPart {
    const blocks = packBlocks(this.#blocks);
    return { name: this.name, path: this.#path, beginning: this.#beginning, blocks };
  }

  /** A block as it lies there; undefined once the part is being closed. */
  async blockAt({ position, bytes }: PlacedBlock): Promise<Uint8Array | undefined> {
    if (this.#isClosing) return undefined;
    return this.#read(() => fileBytes(this.#fd, this.#writer.position).at(position, bytes));
  }

  /** Nothing more comes: the recording is whole then. `names` of what is in it. Packets are still found in it. */
  async finish(names: Rows): Promise<void> {
    this.#isFinishing = true;
    await this.#writer.close();
    // of one that could not be written to its end there is none
    if (this.#writer.isBroken) return;
    await this.#index.makeWhole(names, {
      product: this.#product,
      createdUnixMs: this.#writer.createdUnixMs,
      bytes: this.#writer.position,
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#reading;
    closeSync(this.#fd);
    await this.#index.close();
  }

  #read<T>(work: () => Promise<T>): Promise<T> {
    const reading = work();
    // that it is over, and not what was read
    const over = reading.then(
      () => undefined,
      () => undefined,
    );
    this.#reading = Promise.all([this.#reading, over]).then(() => undefined);
    return reading;
  }
}

interface Origin {
  readonly product: string;
  readonly openIndex: OpenPartIndex;
  readonly listener: PartListener;
}
