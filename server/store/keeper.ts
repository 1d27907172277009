/**
 * Keeps every session on the disk as it runs: in recordings of a bounded size, one after the other, so that the oldest can
 * give way, each with the index of its packets. Disk full, read-only or broken: it says so, and keeps nothing more.
 */

import type { Fact } from '../../core/messages/facts.ts';
import type { Keeping } from '../../core/messages/keeping.ts';
import type { SourceMessage } from '../../core/messages/source.ts';
import { FactRecorder } from '../recording/facts.ts';
import { Preface } from '../recording/preface.ts';
import { inParts } from '../recording/save.ts';
import { BLOCKS_READ_MAX } from './blocks.ts';
import type { Said as SaidOfSession } from './copy.ts';
import type { FrozenBlocks } from './frozen.ts';
import { GenerationSplit } from './generations.ts';
import { IndexFile } from './index-file.ts';
import { PacketFold } from './packets.ts';
import { Part } from './part.ts';
import type { OpenPartIndex } from './part-index.ts';
import { type KeptRecords, NOTHING_KEPT, recordsOf, recordsOfAny } from './records.ts';
import type { SavedSession } from './saved.ts';
import type { RowSink } from './schema.ts';
import { RECORDING_SUFFIX, recordingName, type Shelf, type Shelved } from './shelf.ts';

type Said = Exclude<SourceMessage, { type: 'reply' }>;

/** A recording is closed at this part of what there may be, so that what gives way is a small one; its index is twice as large. */
const PART_OF_LIMIT = 1 / 48;
const PART_BYTES_MIN = 1 << 20;
/** What is frozen at once is this part of what there may be, the newest of it. */
const FROZEN_OF_LIMIT = 1 / 4;
/** Of parts that somebody saves as much may be there, when it is their turn to give way, beside what there may be. */
const LATE_OF_LIMIT = 1 / 4;
const NOTHING: RowSink = { add: () => undefined };

/** All events of a packet, as far as they are on the disk. */
export interface KeptPath {
  readonly session: number;
  /** Whole records, lineage that names it included, oldest first; undefined when there are none. */
  readonly records: Uint8Array<ArrayBuffer> | undefined;
}

export class Keeper {
  readonly #shelf: Shelf;
  readonly #product: string;
  readonly #openIndex: OpenPartIndex;
  readonly #fold = new PacketFold(NOTHING);
  readonly #split = new GenerationSplit();
  readonly #preface = new Preface();
  #facts: FactRecorder | undefined;
  /** Of the session that runs, oldest first; what is written is the last. */
  #parts: Part[] = [];
  #sessionName = '';
  #partNumber = 0;
  #removed = 0;
  /** What was in the folder when it was looked at last. */
  #shelved: readonly Shelved[] = [];
  /** Parts that are being copied: they do not give way. */
  readonly #held = new Set<ReadonlySet<Part>>();
  /** By who saves them, oldest first: they give way late. */
  readonly #saving = new Map<number, Part[]>();
  #nextSaving = 1;
  #fault: string | undefined;
  #indexFault: string | undefined;

  /** `openIndex`: where the index of each part is written; in this thread, unless said otherwise. */
  constructor(
    shelf: Shelf,
    product: string,
    openIndex: OpenPartIndex = (path, failed) => new IndexFile(path, failed),
  ) {
    this.#shelf = shelf;
    this.#product = product;
    this.#openIndex = openIndex;
  }

  get keeping(): Keeping {
    if (this.#fault !== undefined) return { phase: 'failed', why: this.#fault };
    return {
      phase: 'on',
      folder: this.#shelf.folder,
      file: this.#current === undefined ? '' : `${this.#current.name}${RECORDING_SUFFIX}`,
      bytes: this.#shelved.reduce((sum, { bytes }) => sum + bytes, 0),
      limitBytes: this.#shelf.limits.bytes,
      files: this.#shelved.length,
      removed: this.#removed,
      ...(this.#indexFault !== undefined && { indexFault: this.#indexFault }),
    };
  }

  async message(message: Said): Promise<void> {
    this.#preface.take(message);
    this.#fold.takeMessage(message);
    if (message.type === 'capture') await this.#capture(message);
    else this.#current?.message(message);
  }

  /** What explained a packet of this session. */
  explained(packet: number, facts: readonly Fact[]): void {
    this.#facts?.explained(packet, facts);
  }

  /** Whole records. Resolves once they are taken in, and there is room for more. */
  async batch(records: Uint8Array): Promise<void> {
    for (let rest = records; rest.length > 0; ) {
      const end = this.#split.endOfSession(rest);
      if (end > 0) await this.#take(rest.subarray(0, end));
      if (end === rest.length) return;
      rest = rest.subarray(end);
      await this.#endSession();
      this.#fold.begin(NOTHING, false);
    }
  }

  /** More comes than there is time for: where the index is behind, what can be made of the frames later gives way, in this part. */
  hurry(): void {
    this.#current?.hurry();
  }

  async path(packet: number): Promise<KeptPath> {
    const { session } = this.#fold;
    const { generation } = this.#split;
    const found: Uint8Array[] = [];
    try {
      for (const part of this.#parts)
        for (const batch of await part.batchesOf(packet)) found.push(...recordsOf(packet, batch, generation));
    } catch (error) {
      // of a packet, all or nothing
      this.#indexFault = error instanceof Error ? error.message : String(error);
      return { session, records: undefined };
    }
    if (found.length === 0) return { session, records: undefined };
    return { session, records: new Uint8Array(Buffer.concat(found)) };
  }

  /**
   * All events of many packets, the newest blocks of them. Batches go on to be taken in meanwhile; a session that ends
   * meanwhile, or a disk that fails, has none.
   */
  async records(packets: ReadonlySet<number>): Promise<KeptRecords> {
    // what came after a fault is nowhere
    if (this.#fault !== undefined) return NOTHING_KEPT;
    const { session } = this.#fold;
    const { generation } = this.#split;
    const parts = [...this.#parts];
    const wanted = new Set(packets);
    const left: number[] = [];
    const blocks: (readonly [Part, number])[] = [];
    const records: Uint8Array<ArrayBuffer>[] = [];
    try {
      for (const part of parts.reverse()) {
        const places = await part.placesOf(wanted, BLOCKS_READ_MAX - blocks.length);
        if (places === undefined) return NOTHING_KEPT;
        const { positions, beyond } = places;
        for (const packet of beyond) wanted.delete(packet);
        left.push(...beyond);
        blocks.unshift(...positions.map((position) => [part, position] as const));
      }
      for (const [part, position] of blocks) {
        const batches = await part.batchesAt(position);
        if (batches === undefined) return NOTHING_KEPT;
        for (const batch of batches) records.push(recordsOfAny(wanted, batch, generation));
      }
    } catch (error) {
      this.#indexFault = error instanceof Error ? error.message : String(error);
      return NOTHING_KEPT;
    }
    return { session, records, left };
  }

  /**
   * What there is of this session since a time (ns), everything that was taken in included; undefined when that is another
   * session, or none is kept.
   */
  async frozen(session: number, sinceNs: number): Promise<FrozenBlocks | undefined> {
    if (this.#fault !== undefined || session !== this.#fold.session) return undefined;
    await this.#current?.flushFrames();
    await this.#leaveGone();
    if (this.#fault !== undefined || this.#parts.length === 0) return undefined;
    const blocks = newestBlocks(this.#parts, sinceNs, this.#shelf.limits.bytes * FROZEN_OF_LIMIT);
    const parts = new Set(blocks.map(([part]) => part));
    this.#held.add(parts);
    return { ...this.#said(), blocks, release: () => void this.#held.delete(parts) };
  }

  /**
   * Everything that is left of this session, what was taken in until now included; undefined when none is kept. Its parts are held
   * until they are released: none gives way before there is a quarter more than there may be.
   */
  async saved(): Promise<{ readonly id: number; readonly saved: SavedSession } | undefined> {
    if (this.#fault !== undefined) return undefined;
    await this.#current?.flushFrames();
    await this.#leaveGone();
    if (this.#fault !== undefined || this.#parts.length === 0) return undefined;
    const id = this.#nextSaving;
    this.#nextSaving += 1;
    this.#saving.set(id, [...this.#parts]);
    const { session } = this.#fold;
    return { id, saved: { ...this.#said(), session, parts: this.#parts.map((part) => part.saved) } };
  }

  /** Who saves with this number has read the oldest of its parts, or wants no more of any. */
  release(id: number, what: 'oldest' | 'all'): void {
    const parts = this.#saving.get(id);
    parts?.shift();
    if (what === 'all' || parts?.length === 0) this.#saving.delete(id);
  }

  /** Everything that was taken in is safe from the end of this process. */
  async flush(): Promise<void> {
    await this.#current?.flush();
  }

  /** Now and then: what was taken in is safe from the end of this process, in the index a moment later, and the limits hold. */
  async tidy(): Promise<void> {
    if (this.#fault !== undefined) return;
    await this.#current?.flushFrames();
    // batches do not wait for what is made of them
    void this.#current?.flushIndex();
    try {
      const { limits } = this.#shelf;
      const { removed, left } = this.#shelf.makeRoom({
        inUse: namesOf([this.#parts.slice(-1), ...this.#held]),
        late: { names: namesOf(this.#saving.values()), bytes: limits.bytes * LATE_OF_LIMIT },
      });
      this.#removed += removed.size;
      this.#shelved = left;
      await this.#leaveGone();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#fail(new Error(`the folder of recordings is no longer what it was: ${why}`));
    }
  }

  /** Parts that gave way, or that somebody removed, have nothing of this session any more. */
  async #leaveGone(): Promise<void> {
    const current = this.#parts.at(-1);
    const gone = this.#parts.filter((part) => part !== current && !part.isThere);
    this.#parts = this.#parts.filter((part) => !gone.includes(part));
    for (const part of gone) await part.close();
  }

  /** Everything is on the disk. */
  async close(): Promise<void> {
    await this.#endSession();
  }

  get #current(): Part | undefined {
    return this.#fault === undefined ? this.#parts.at(-1) : undefined;
  }

  /** What a recording of this session begins with. */
  #said(): SaidOfSession & { readonly names: Uint8Array<ArrayBuffer> } {
    return {
      product: this.#product,
      preface: [...this.#preface.messages()],
      names: this.#fold.nameRecords,
      stats: this.#preface.said('stats'),
    };
  }

  async #capture(message: Said & { readonly type: 'capture' }): Promise<void> {
    if (message.capture.phase === 'starting') {
      await this.#endSession();
      this.#fold.begin(NOTHING, true);
      this.#split.restart();
      return;
    }
    this.#current?.message(message);
  }

  async #take(records: Uint8Array): Promise<void> {
    if (this.#fault !== undefined) return;
    const part = await this.#partWithRoom();
    if (part === undefined) return;
    this.#fold.take(records, part.block);
    await part.batch(records);
  }

  async #partWithRoom(): Promise<Part | undefined> {
    const max = Math.max(PART_BYTES_MIN, this.#shelf.limits.bytes * PART_OF_LIMIT);
    const current = this.#current;
    if (current !== undefined && current.bytes < max) return current;
    if (current !== undefined) {
      this.#fold.writeOpen();
      await current.finish(this.#fold.names);
    }
    return this.#beginPart();
  }

  async #beginPart(): Promise<Part | undefined> {
    if (this.#partNumber === 0)
      this.#sessionName = recordingName(this.#preface.said('hello')?.hello.hostname ?? '');
    this.#partNumber += 1;
    const name = `${this.#sessionName}${this.#partNumber === 1 ? '' : `.${this.#partNumber}`}`;
    this.#indexFault = undefined;
    try {
      const part = await Part.begin(this.#shelf, name, {
        product: this.#product,
        openIndex: this.#openIndex,
        listener: {
          failed: (error) => this.#fail(error),
          indexFailed: (error) => {
            this.#indexFault = error.message;
          },
        },
      });
      for (const message of this.#preface.messages()) part.message(message);
      const named = this.#fold.nameRecords;
      for (const names of inParts(named)) await part.batch(names);
      part.begun();
      this.#facts = new FactRecorder((message) => part.message(message));
      this.#fold.continueIn(part);
      this.#parts.push(part);
      return part;
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  async #endSession(): Promise<void> {
    this.#fold.close();
    const parts = this.#parts;
    const stats = this.#preface.said('stats');
    if (stats !== undefined) this.#current?.message(stats);
    this.#parts = [];
    this.#partNumber = 0;
    this.#facts = undefined;
    await parts.at(-1)?.finish(this.#fold.names);
    for (const part of parts) await part.close();
  }

  #fail(error: Error): void {
    this.#fault ??= error.message;
    this.#fold.continueIn(NOTHING);
  }
}

const namesOf = (held: Iterable<Iterable<Part>>): ReadonlySet<string> =>
  new Set([...held].flatMap((parts) => [...parts]).map(({ name }) => name));

/** Of all parts, since a time (ns), as many of the newest as have room in so many bytes. */
function newestBlocks(parts: readonly Part[], sinceNs: number, maxBytes: number): FrozenBlocks['blocks'] {
  const blocks = parts.flatMap((part) => part.blocksSince(sinceNs).map((block) => [part, block] as const));
  let bytes = 0;
  const first = blocks.findLastIndex(([, block]) => {
    bytes += block.bytes;
    return bytes > maxBytes;
  });
  return blocks.slice(first + 1);
}
