import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { NameTables } from '../../core/messages/browser.ts';
import type { TriggerChoice } from '../../core/messages/freezing.ts';
import type { LatencySeries } from '../../core/model/latency/result.ts';
import type { Trigger } from '../../core/model/triggers.ts';
import { ROOT } from '../place.ts';
import type { KeptRecords } from '../store/records.ts';
import { WaitingRoom } from '../waiting-room.ts';
import type {
  AnalysisAnswer,
  Answer,
  ClosedAnswer,
  ConnectionsAnswer,
  FromWorker,
  HitsAnswer,
  HopsAnswer,
  LatencyAnswer,
  PathAnswer,
  PulseAnswer,
  RowsAnswer,
  SavedAnswer,
  SideFolded,
  TotalsAnswer,
  ToWorker,
  WorkerSettings,
} from './messages.ts';

/** Batches that may wait for the thread; beyond that the source is made to wait, and the kernel counts. */
const BATCHES_WAITING_MAX = 16;

type Question =
  | { readonly type: 'rows'; readonly version: number; readonly max: number }
  | { readonly type: 'path'; readonly packet: number }
  | { readonly type: 'hops'; readonly packet: number }
  | { readonly type: 'analysis'; readonly packets: Float64Array<ArrayBuffer> | null }
  | {
      readonly type: 'latency';
      readonly packets: Float64Array<ArrayBuffer> | null;
      readonly series: LatencySeries;
    }
  | { readonly type: 'side' }
  | { readonly type: 'connections'; readonly since: number }
  | { readonly type: 'hits' }
  | { readonly type: 'totals' }
  | { readonly type: 'saved'; readonly from: number; readonly sinceNs: number }
  | { readonly type: 'pulse' }
  | { readonly type: 'close' };

export interface SessionListener {
  /** That records gave. */
  names(tables: NameTables): void;
  /** What was waited for, see {@link Session.watch}. */
  happened(trigger: Trigger, session: number): void;
  /** What the disk has of packets that memory has not. */
  kept(packets: Float64Array): Promise<KeptRecords>;
  /** The thread died: a fault of ours, after which there is no session. */
  fault(error: Error): void;
}

/** The session's thread, as the rest of the server uses it. */
export class Session {
  readonly #worker: Worker;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #nextId = 1;
  /** Resolves when the thread is gone. */
  readonly #gone: Promise<unknown>;
  readonly #room = new WaitingRoom(BATCHES_WAITING_MAX);

  /**
   * Of a recording, the present is that of its newest record.
   */
  constructor(workerData: WorkerSettings, { names, happened, kept, fault }: SessionListener) {
    this.#worker = new Worker(join(ROOT, 'dist', 'session.worker.mjs'), { workerData });
    this.#gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.on('error', fault);
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'taken') this.#room.leave();
      else if (message.type === 'names') names(message.tables);
      else if (message.type === 'wanted') {
        const { id } = message;
        void kept(message.packets).then((records) =>
          this.#tell(
            { type: 'found', id, records },
            records.records.map(({ buffer }) => buffer),
          ),
        );
      } else if (message.type === 'happened') happened(message.trigger, message.session);
      else {
        this.#asked.get(message.id)?.(message.answer);
        this.#asked.delete(message.id);
      }
    });
  }

  /** Hands over a batch; the promise, when there is one, resolves when there is room for more. */
  take(records: Uint8Array): Promise<void> | undefined {
    // moved, not copied: the buffer must be the batch's alone
    const own = records.byteLength === records.buffer.byteLength && records.buffer instanceof ArrayBuffer;
    const bytes = own ? new Uint8Array(records.buffer as ArrayBuffer) : new Uint8Array(records);
    this.#tell({ type: 'batch', records: bytes }, [bytes.buffer]);
    this.#room.enter();
    return this.#room.room();
  }

  takeNames(tables: NameTables): void {
    this.#tell({ type: 'names', tables });
  }

  /** The capture begins anew on the kernel side. */
  restart(): void {
    this.#tell({ type: 'restart' });
  }

  /** Up to `max` packed rows that changed after `version`. */
  rowsSince(version: number, max: number): Promise<RowsAnswer> {
    return this.#ask({ type: 'rows', version, max });
  }

  path(packet: number): Promise<PathAnswer> {
    return this.#ask({ type: 'path', packet });
  }

  /** A packet's hops, however many, as columns. */
  hops(packet: number): Promise<HopsAnswer> {
    return this.#ask({ type: 'hops', packet });
  }

  /** These packets, or all, folded into distinct paths. */
  analysis(packets: Float64Array<ArrayBuffer> | null): Promise<AnalysisAnswer> {
    return this.#ask({ type: 'analysis', packets });
  }

  /** How long these packets, or all, took; the heat map is of one series. */
  latency(packets: Float64Array<ArrayBuffer> | null, series: LatencySeries): Promise<LatencyAnswer> {
    return this.#ask({ type: 'latency', packets, series });
  }

  /** Everything under names, to be held against another session. */
  side(): Promise<SideFolded> {
    return this.#ask({ type: 'side' });
  }

  /** Events of TCP connections after `since`, and who owned the sockets that packets came from. */
  connections(since: number): Promise<ConnectionsAnswer> {
    return this.#ask({ type: 'connections', since });
  }

  /** Hops recorded at each function. */
  hitsByFunction(): Promise<HitsAnswer> {
    return this.#ask({ type: 'hits' });
  }

  /** A copy of what is kept since a time (ns), part by part: from -1 on, then from each answer's `next`. */
  saved(from: number, sinceNs = 0): Promise<SavedAnswer> {
    return this.#ask({ type: 'saved', from, sinceNs });
  }

  /** What is waited for from now on, null for nothing; paths of the first `learnNs` are known ones. */
  watch(triggers: TriggerChoice | null, learnNs: number): void {
    this.#tell({ type: 'watch', triggers, learnNs });
  }

  /** Counts of all sessions together, for monitoring. */
  totals(): Promise<TotalsAnswer> {
    return this.#ask({ type: 'totals' });
  }

  /** Batches that wait for the thread; at the limit the source waits. */
  get backlog(): { readonly waiting: number; readonly limit: number } {
    const { waiting, limit } = this.#room;
    return { waiting, limit };
  }

  pulse(): Promise<PulseAnswer> {
    return this.#ask({ type: 'pulse' });
  }

  async close(): Promise<void> {
    // one that died answers nothing
    await Promise.race([this.#ask<ClosedAnswer>({ type: 'close' }), this.#gone]);
    await this.#worker.terminate();
  }

  /** The worker answers each question with the answer of its kind. */
  #ask<T extends Answer>(question: Question): Promise<T> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve) => {
      this.#asked.set(id, (answer) => resolve(answer as T));
      this.#tell({ ...question, id });
    });
  }

  #tell(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
