/** The thread that writes indexes of what is being kept, so that frames do not wait for what is made of them. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ROOT } from '../place.ts';
import { WaitingRoom } from '../waiting-room.ts';
import type { Places } from './blocks.ts';
import type { FromIndexes, IndexAnswer, IndexQuestion, TableRow, ToIndexes } from './index-messages.ts';
import type { Rows } from './names.ts';
import type { IndexedHeader, OpenPartIndex, PartIndex } from './part-index.ts';
import type { EventTable, RowOf } from './schema.ts';

/** What is given to the thread at once, and what may wait for it. */
const BYTES_AT_ONCE = 1 << 18;
const ROWS_AT_ONCE = 1 << 10;
const BYTES_WAITING_MAX = 1 << 24;
const ROWS_WAITING_MAX = 1 << 16;

/** Rows live for a moment: with less, most of them are copied once before they are garbage. */
const YOUNG_MB = 64;

interface Asked {
  readonly resolve: (answer: IndexAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class IndexThread {
  readonly #program: string;
  /** Begun with the first index. */
  #worker: Worker | undefined;
  readonly #open = new Map<number, ThreadIndex>();
  readonly #asked = new Map<number, Asked>();
  #nextIndex = 1;
  #nextId = 1;
  /** Of ours: it died. */
  #fault: Error | undefined;

  constructor(program = join(ROOT, 'dist', 'part-index.worker.mjs')) {
    this.#program = program;
  }

  readonly open: OpenPartIndex = (path, failed) => {
    // of one that died the next index does without
    if (this.#fault !== undefined) this.#worker = undefined;
    this.#fault = undefined;
    const number = this.#nextIndex;
    this.#nextIndex += 1;
    const index = new ThreadIndex(
      (add) => this.#tell({ type: 'add', index: number, ...add }),
      (question) => this.#ask(number, question),
      failed,
    );
    this.#open.set(number, index);
    this.#tell({ type: 'open', index: number, path });
    return index;
  };

  /** Once all that it opened is closed: a thread that ends in the middle of DuckDB's work takes the process with it. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(this.#program, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    worker.on('message', (message: FromIndexes) => this.#take(message));
    worker.on('error', (error) => this.#end(error));
    return worker;
  }

  #take(message: FromIndexes): void {
    switch (message.type) {
      case 'added':
        this.#open.get(message.index)?.added(message);
        break;
      case 'failed':
        this.#open.get(message.index)?.fail(new Error(message.why));
        break;
      case 'answer':
        this.#answered(message.id)?.resolve(message.answer);
        break;
      case 'refused':
        this.#answered(message.id)?.reject(new Error(message.why));
        break;
    }
  }

  #answered(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    return asked;
  }

  async #ask(index: number, question: IndexQuestion): Promise<IndexAnswer> {
    if (this.#fault !== undefined) return undefined;
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = new Promise<IndexAnswer>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
    });
    this.#tell({ type: 'ask', index, id, question });
    try {
      return await answer;
    } finally {
      if (question.kind === 'close') this.#open.delete(index);
    }
  }

  #tell(message: ToIndexes): void {
    if (this.#fault !== undefined) return;
    const transfer = message.type === 'add' ? message.records.map(({ buffer }) => buffer) : [];
    this.#worker ??= this.#begin();
    this.#worker.postMessage(message, transfer);
  }

  #end(error: Error): void {
    this.#fault = error;
    for (const index of this.#open.values()) index.fail(error);
    this.#open.clear();
    for (const { resolve } of this.#asked.values()) resolve(undefined);
    this.#asked.clear();
  }
}

interface Addition {
  readonly rows: readonly TableRow[];
  readonly records: readonly Uint8Array<ArrayBuffer>[];
}

/** An index in that thread. */
class ThreadIndex implements PartIndex {
  readonly #tell: (add: Addition) => void;
  readonly #ask: (question: IndexQuestion) => Promise<IndexAnswer>;
  readonly #failed: (error: Error) => void;
  #isWell = true;
  #hasEvents = true;
  #rows: TableRow[] = [];
  #records: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  /** On their way, or given. */
  readonly #rowsWaiting = new WaitingRoom(ROWS_WAITING_MAX);
  readonly #bytesWaiting = new WaitingRoom(BYTES_WAITING_MAX);

  constructor(
    tell: (add: Addition) => void,
    ask: (question: IndexQuestion) => Promise<IndexAnswer>,
    failed: (error: Error) => void,
  ) {
    this.#tell = tell;
    this.#ask = ask;
    this.#failed = failed;
  }

  add<T extends EventTable>(table: T, row: RowOf<T>): void {
    if (!this.#isWell) return;
    // a pair of one table's name and its row, which TypeScript does not see of a T
    this.#rows.push([table, row] as unknown as TableRow);
    this.#rowsWaiting.enter();
    if (this.#rows.length >= ROWS_AT_ONCE) this.#give();
  }

  events(records: Uint8Array): void {
    if (!this.#isWell || !this.#hasEvents) return;
    this.#records.push(new Uint8Array(records));
    this.#bytes += records.length;
    this.#bytesWaiting.enter(records.length);
    if (this.#bytes >= BYTES_AT_ONCE) this.#give();
  }

  async leaveEvents(): Promise<void> {
    if (!this.#hasEvents) return;
    this.#hasEvents = false;
    this.#bytesWaiting.letIn();
    await this.#asked({ kind: 'leave events' });
  }

  room(): Promise<void> | undefined {
    if (!this.#isWell) return undefined;
    const rows = this.#rowsWaiting.room();
    const bytes = this.#hasEvents ? this.#bytesWaiting.room() : undefined;
    if (rows === undefined || bytes === undefined) return rows ?? bytes;
    return Promise.all([rows, bytes]).then(() => undefined);
  }

  async flush(): Promise<void> {
    await this.#asked({ kind: 'flush' });
  }

  async blocksOf(packet: number): Promise<readonly number[]> {
    return ((await this.#asked({ kind: 'blocks', packet })) ?? []) as readonly number[];
  }

  async placesOf(packets: Iterable<number>, max: number): Promise<Places | undefined> {
    return (await this.#asked({ kind: 'places', packets: Float64Array.from(packets), max })) as
      | Places
      | undefined;
  }

  async makeWhole(names: Rows, header: IndexedHeader): Promise<void> {
    await this.#asked({ kind: 'make whole', names, header });
  }

  async close(): Promise<void> {
    await this.#asked({ kind: 'close' });
  }

  /** So much of what was given is in it. */
  added({ rows, bytes }: { readonly rows: number; readonly bytes: number }): void {
    this.#rowsWaiting.leave(rows);
    this.#bytesWaiting.leave(bytes);
  }

  fail(error: Error): void {
    if (!this.#isWell) return;
    this.#isWell = false;
    this.#rows = [];
    this.#records = [];
    this.#rowsWaiting.letIn();
    this.#bytesWaiting.letIn();
    this.#failed(error);
  }

  /** What was given before the question is in it by then. */
  #asked(question: IndexQuestion): Promise<IndexAnswer> {
    this.#give();
    return this.#ask(question);
  }

  #give(): void {
    if (this.#rows.length === 0 && this.#records.length === 0) return;
    this.#tell({ rows: this.#rows, records: this.#records });
    this.#rows = [];
    this.#records = [];
    this.#bytes = 0;
  }
}
