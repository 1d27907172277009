/** The thread that keeps sessions, as the rest of the server uses it. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Fact } from '../../core/messages/facts.ts';
import type { Keeping } from '../../core/messages/keeping.ts';
import type { SourceMessage } from '../../core/messages/source.ts';
import { ROOT } from '../place.ts';
import { WaitingRoom } from '../waiting-room.ts';
import type { FreezeRequest } from './frozen.ts';
import type { KeptPath } from './keeper.ts';
import type {
  FromKeeper,
  FrozenAnswer,
  KeeperAnswer,
  KeeperSettings,
  SavedAnswer,
  ToKeeper,
} from './messages.ts';
import { type KeptRecords, NOTHING_KEPT } from './records.ts';
import type { SavedSession } from './saved.ts';

/** Batches that may wait for the disk; beyond that the source is made to wait, and the kernel counts. */
const BATCHES_WAITING_MAX = 64;
/** A disk that hangs does not keep the server from ending; an emulated CPU takes its time. */
const CLOSE_MS = 30_000;
const NOT_KEPT = { phase: 'not kept' } as const satisfies FrozenAnswer & SavedAnswer;
const OVER: KeptPath = { session: -1, records: undefined };

/** A session that is held on the disk for who saves it. */
export interface Saving {
  readonly saved: SavedSession;
  /** Nothing more is read of the oldest part of it, or of any: each may give way again. */
  readonly release: (what: 'oldest' | 'all') => void;
}

/** In the place of a store where nothing is kept. */
export const noStore = (why: string) => ({
  keeping: { phase: 'off', why } as const satisfies Keeping,
  message: () => undefined,
  batch: () => undefined,
  explained: () => undefined,
  path: async () => OVER,
  records: async () => NOTHING_KEPT,
  freeze: async () => NOT_KEPT,
  saved: async () => undefined,
  close: async () => undefined,
});

export class Store {
  readonly #worker: Worker;
  /** By the question's number: what hears the answer, and what it is when there is nobody to give one. */
  readonly #asked = new Map<
    number,
    { readonly hear: (answer: KeeperAnswer) => void; readonly over: KeeperAnswer }
  >();
  #nextId = 1;
  readonly #room = new WaitingRoom(BATCHES_WAITING_MAX);
  #keeping: Keeping;
  #isOver = false;
  #closed: (() => void) | undefined;
  readonly #changed: (keeping: Keeping) => void;

  /** `changed` hears what is kept, and when that ends. */
  constructor(settings: KeeperSettings, changed: (keeping: Keeping) => void) {
    const { folder, limits } = settings;
    this.#keeping = {
      phase: 'on',
      folder,
      file: '',
      bytes: 0,
      limitBytes: limits.bytes,
      files: 0,
      removed: 0,
    };
    this.#changed = changed;
    this.#worker = new Worker(join(ROOT, 'dist', 'store.worker.mjs'), { workerData: settings });
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#worker.on('message', (message: FromKeeper) => this.#take(message));
  }

  get keeping(): Keeping {
    return this.#keeping;
  }

  message(message: Exclude<SourceMessage, { type: 'reply' }>): void {
    this.#tell({ type: 'message', message });
  }

  /** A copy of whole records; the promise, when there is one, resolves when there is room for more. */
  batch(records: Uint8Array): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    const copy = new Uint8Array(records);
    this.#tell({ type: 'batch', records: copy }, [copy.buffer]);
    this.#room.enter();
    return this.#room.room();
  }

  explained(packet: number, facts: readonly Fact[]): void {
    this.#tell({ type: 'explained', packet, facts });
  }

  /** All of a packet that is on the disk. */
  path(packet: number): Promise<KeptPath> {
    return this.#ask((id) => ({ type: 'path', id, packet }), OVER);
  }

  /** All of many packets that is on the disk, as much as a question may read. */
  records(packets: Float64Array): Promise<KeptRecords> {
    return this.#ask((id) => ({ type: 'records', id, packets }), NOTHING_KEPT);
  }

  /** Makes a recording of the last of the session. */
  freeze(request: FreezeRequest): Promise<FrozenAnswer> {
    return this.#ask<FrozenAnswer>((id) => ({ type: 'freeze', id, request }), NOT_KEPT);
  }

  /** Everything of the session that runs that is on the disk, what came until now included; undefined when none is kept. */
  async saved(): Promise<Saving | undefined> {
    const answer = await this.#ask<SavedAnswer>((id) => ({ type: 'save', id }), NOT_KEPT);
    if (answer.phase === 'not kept') return undefined;
    const { saving, saved } = answer;
    return { saved, release: (what) => this.#tell({ type: 'release', saving, what }) };
  }

  /** Resolves when everything is on the disk. Where that takes too long this process ends: what was flushed is there then. */
  async close(): Promise<void> {
    if (!this.#isOver) {
      await new Promise<void>((resolve) => {
        // a thread in the middle of DuckDB's work cannot be ended without abort() of the process, which says less
        const timer = setTimeout(() => process.kill(process.pid, 'SIGKILL'), CLOSE_MS);
        this.#closed = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#tell({ type: 'close' });
      });
    }
    await this.#worker.terminate();
  }

  #take(message: FromKeeper): void {
    switch (message.type) {
      case 'taken':
        this.#room.leave();
        break;
      case 'keeping':
        this.#keeping = message.keeping;
        this.#changed(message.keeping);
        break;
      case 'answer':
        this.#asked.get(message.id)?.hear(message.answer);
        this.#asked.delete(message.id);
        break;
      case 'closed':
        this.#closed?.();
        break;
    }
  }

  /** The thread died, a fault of ours: the capture goes on without it. */
  #end(why: string): void {
    this.#isOver = true;
    this.#keeping = { phase: 'failed', why };
    this.#changed(this.#keeping);
    for (const { hear, over } of this.#asked.values()) hear(over);
    this.#asked.clear();
    this.#room.letIn();
    this.#closed?.();
  }

  /** The thread answers each question with the answer of its kind. */
  #ask<T extends KeeperAnswer>(question: (id: number) => ToKeeper, over: T): Promise<T> {
    if (this.#isOver) return Promise.resolve(over);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve) => {
      this.#asked.set(id, { hear: (answer) => resolve(answer as T), over });
      this.#tell(question(id));
    });
  }

  #tell(message: ToKeeper, transfer: ArrayBuffer[] = []): void {
    if (!this.#isOver) this.#worker.postMessage(message, transfer);
  }
}
