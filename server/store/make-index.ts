/** Makes the index of a recording out of what is in it: its frames are read once, whole. */
import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RecordedItem, RecordedMessage } from '../../core/messages/recording.ts';
import { Recording } from '../recording/reader.ts';
import { GenerationSplit } from './generations.ts';
import { IndexFile } from './index-file.ts';
import { DEFAULT_MEMORY_BYTES } from './limits.ts';
import type { Rows } from './names.ts';
import { PacketFold } from './packets.ts';
import { INCOMING_PREFIX, INDEX_SUFFIX } from './shelf.ts';

/** Also what DuckDB makes beside it. */
const INDEX_FILES = ['', '.wal', '.tmp'];

export interface IndexPaths {
  /** The recording, which nobody writes any more. */
  readonly recording: string;
  /** Where its index is to be: a new file, which is there once it is whole. */
  readonly index: string;
}

/**
 * Resolves to '', or why the recording has no index. Rejects with a RecordingError at what is damaged, wherever that is; with
 * what `check` throws, which is called now and then. Nothing is left then.
 */
export async function makeIndex({ recording: path, index }: IndexPaths, check: () => void): Promise<string> {
  const recording = await Recording.open(path);
  // a server that is killed meanwhile leaves what the next one removes
  const made = join(dirname(index), `${INCOMING_PREFIX}${randomUUID()}${INDEX_SUFFIX}`);
  let why = '';
  const file = new IndexFile(made, (error) => {
    why = error.message;
  });
  const fold = new RecordingFold(file);
  const discard = async () => {
    await file.close();
    for (const ending of INDEX_FILES) rmSync(`${made}${ending}`, { recursive: true, force: true });
  };
  try {
    let isDiscarded = false;
    for await (const { at, items } of recording.blocks()) {
      check();
      await file.room();
      // without an index it is still read, to find what is damaged
      for (const item of items) if (why === '' && !fold.take(item, at)) why = SEVERAL;
      if (why === '' || isDiscarded) continue;
      isDiscarded = true;
      // others have need of the room
      await discard();
    }
    if (why === '') await file.makeWhole(fold.end(), { ...recording.header, bytes: statSync(path).size });
    await file.close();
    // whoever removes the recording meanwhile wants no index of it
    if (why === '' && existsSync(path)) why = moved(made, index);
    return why;
  } finally {
    await discard();
    await recording.close();
  }
}

/** The only session of a recording, as rows. */
class RecordingFold {
  readonly #index: IndexFile;
  readonly #fold: PacketFold;
  readonly #split = new GenerationSplit();
  #block = -1;
  /** Where that lies. */
  #position = -1;

  constructor(index: IndexFile) {
    this.#index = index;
    // of another tool's capture many packets have no end: their paths are known as they would be by the frames
    this.#fold = new PacketFold(index, DEFAULT_MEMORY_BYTES);
  }

  /** An item of the block that lies there. False: another session begins. */
  take(item: RecordedItem, position: number): boolean {
    if (item.kind === 'message') return this.#message(item.message);
    if (position !== this.#position) {
      this.#block += 1;
      this.#position = position;
      this.#index.add('blocks', { block: this.#block, position });
    }
    if (this.#split.endOfSession(item.records) < item.records.length) return false;
    this.#fold.take(item.records, this.#block);
    this.#index.events(item.records);
    return true;
  }

  /** Nothing more comes. */
  end(): Rows {
    this.#fold.close();
    return this.#fold.names;
  }

  #message(message: RecordedMessage): boolean {
    if (message.type === 'capture' && message.capture.phase === 'starting') {
      if (this.#block >= 0) return false;
      this.#fold.begin(this.#index, true);
      this.#split.restart();
    }
    this.#fold.takeMessage(message);
    return true;
  }
}

/** '', or why it could not be. */
function moved(from: string, to: string): string {
  try {
    renameSync(from, to);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Packet ids of one have nothing to do with another's. */
const SEVERAL = 'it has several sessions, whose packets an index cannot tell apart';
