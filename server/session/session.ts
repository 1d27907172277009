import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { NameTables } from '../../core/messages/browser.ts';
import type { LatencySeries } from '../../core/model/latency/result.ts';
import { ROOT } from '../place.ts';
import type {
  AnalysisAnswer,
  Answer,
  ConnectionsAnswer,
  FromWorker,
  HitsAnswer,
  HopsAnswer,
  LatencyAnswer,
  PathAnswer,
  PulseAnswer,
  RowsAnswer,
  ToWorker,
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
  | { readonly type: 'connections'; readonly since: number }
  | { readonly type: 'hits' }
  | { readonly type: 'pulse' };

/** The session's thread, as the rest of the server uses it. */
export class Session {
  readonly #worker = new Worker(join(ROOT, 'dist', 'session.worker.mjs'));
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #nextId = 1;
  #waiting = 0;
  #room: (() => void)[] = [];

  /** `onFault` is called when the thread dies: a fault of ours, after which there is no session. */
  constructor(onNames: (tables: NameTables) => void, onFault: (error: Error) => void) {
    this.#worker.on('error', onFault);
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'taken') this.#taken();
      else if (message.type === 'names') onNames(message.tables);
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
    this.#waiting += 1;
    if (this.#waiting < BATCHES_WAITING_MAX) return undefined;
    return new Promise((resolve) => {
      this.#room.push(resolve);
    });
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

  /** Events of TCP connections after `since`, and who owned the sockets that packets came from. */
  connections(since: number): Promise<ConnectionsAnswer> {
    return this.#ask({ type: 'connections', since });
  }

  /** Hops recorded at each function. */
  hitsByFunction(): Promise<HitsAnswer> {
    return this.#ask({ type: 'hits' });
  }

  /** Batches that wait for the thread; at the limit the source waits. */
  get backlog(): { readonly waiting: number; readonly limit: number } {
    return { waiting: this.#waiting, limit: BATCHES_WAITING_MAX };
  }

  pulse(): Promise<PulseAnswer> {
    return this.#ask({ type: 'pulse' });
  }

  async close(): Promise<void> {
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

  #taken(): void {
    this.#waiting -= 1;
    if (this.#waiting >= BATCHES_WAITING_MAX) return;
    const room = this.#room;
    this.#room = [];
    for (const resolve of room) resolve();
  }
}
