import { EventEmitter } from 'node:events';
import { fail, type Result } from '../../core/base/result.ts';
import type { NameTables, Snapshot, SourceState } from '../../core/messages/browser.ts';
import {
  type CaptureSpec,
  type CaptureState,
  DASHBOARD_SPEC,
  NO_STATS,
  type SourceHello,
  type SourceMessage,
  type TracerStats,
} from '../../core/messages/source.ts';
import { joined } from '../../core/model/path-table.ts';
import type { RequestBody, Source, SourceListener } from '../sources/source.ts';
import { Session } from './session.ts';

interface HubEvents {
  /** Source, capture or session changed. */
  snapshot: [];
  names: [NameTables];
}

/** What the gateway needs of it. */
export interface GatewayHub {
  readonly snapshot: Snapshot;
  readonly names: NameTables;
  readonly stats: TracerStats;
  /** Wall clock (ms since 1970) when the source came, or went. */
  readonly sourceSinceUnixMs: number;
  sessionNumber: number;
  readonly session: Pick<
    Session,
    | 'pulse'
    | 'rowsSince'
    | 'path'
    | 'hops'
    | 'analysis'
    | 'latency'
    | 'connections'
    | 'hitsByFunction'
    | 'backlog'
  >;
  on<E extends keyof HubEvents>(event: E, listener: (...values: HubEvents[E]) => void): unknown;
  apply(spec: CaptureSpec): Promise<Result<{ readonly session: number }>>;
  stop(): Promise<Result<null>>;
  request(body: RequestBody): Promise<Result<unknown>>;
}

/**
 * What the server knows: the one source, its capture, its names, and the session made of its batches. Sources
 * come and go; the last settings are put in force again on the next.
 */
export class Hub extends EventEmitter<HubEvents> implements GatewayHub {
  readonly session: Session;
  readonly #kind: 'host' | 'lab';
  readonly #labReason: string;
  #source: Source | undefined;
  #state: SourceState;
  #capture: CaptureState = { phase: 'idle' };
  #spec: CaptureSpec | undefined = DASHBOARD_SPEC;
  #isResuming = false;
  #names: NameTables = {};
  #stats = NO_STATS;
  #sourceSinceUnixMs = Date.now();
  /** Changes with every capture that starts; the session's own number follows. */
  #sessionNumber = 0;

  constructor(kind: 'host' | 'lab', labReason: string, onFault: (error: Error) => void) {
    super();
    this.#kind = kind;
    this.#labReason = labReason;
    this.#state = {
      phase: 'connecting',
      kind,
      note: kind === 'lab' ? 'The lab boots.' : 'The agent starts.',
    };
    this.session = new Session((tables) => this.#learn(tables), onFault);
  }

  get snapshot(): Snapshot {
    return {
      source: this.#state,
      capture: this.#capture,
      session: this.#sessionNumber,
      labReason: this.#labReason,
    };
  }

  get names(): NameTables {
    return this.#names;
  }

  get stats(): TracerStats {
    return this.#stats;
  }

  get sourceSinceUnixMs(): number {
    return this.#sourceSinceUnixMs;
  }

  /** The session's number as its rows carry it; told by the pulse. */
  get sessionNumber(): number {
    return this.#sessionNumber;
  }

  set sessionNumber(number: number) {
    if (number === this.#sessionNumber) return;
    this.#sessionNumber = number;
    this.emit('snapshot');
  }

  /** The listener of a source that is about to be connected; `attach` follows with the source itself. */
  listener(): SourceListener {
    return {
      message: (message) => this.#take(message),
      batch: (records) => this.session.take(records),
      gone: (note) => this.#gone(note),
    };
  }

  attach(source: Source): void {
    this.#source = source;
  }

  /** Says what is being done about a source that is not there. */
  waiting(note: string): void {
    this.#state = { phase: 'gone', kind: this.#kind, note };
    this.emit('snapshot');
  }

  async apply(spec: CaptureSpec): Promise<Result<{ readonly session: number }>> {
    const result = await this.request({ method: 'apply', spec });
    if (!result.ok) return result;
    this.#spec = spec;
    // the session begins with the first record under these settings; its number is told by then
    const { session } = await this.session.pulse();
    return { ok: true, value: { session } };
  }

  async stop(): Promise<Result<null>> {
    const result = await this.request({ method: 'stop' });
    if (!result.ok) return result;
    this.#spec = undefined;
    return { ok: true, value: null };
  }

  request(body: RequestBody): Promise<Result<unknown>> {
    if (this.#source === undefined)
      return Promise.resolve(fail('SOURCE_GONE', 'there is no source at the moment; wait until it is back'));
    return this.#source.request(body);
  }

  async close(): Promise<void> {
    await this.#source?.close();
    await this.session.close();
  }

  #take(message: SourceMessage): void {
    switch (message.type) {
      case 'hello':
        this.#hello(message.hello);
        break;
      case 'functions':
        this.#tell({ functions: message.functions });
        // told again when modules come and go, which is nothing new to a capture
        if (this.#capture.phase === 'idle') this.#resume();
        break;
      case 'reasons':
        this.#tell({ reasons: message.reasons });
        break;
      case 'namespaces':
        this.#tell({ namespaces: message.namespaces });
        break;
      case 'cgroups':
        this.#tell({ cgroups: message.cgroups });
        break;
      case 'topology':
        // no record has anything to do with it: the session's thread need not know
        this.#names = { ...this.#names, topology: message.topology };
        this.emit('names', { topology: message.topology });
        break;
      case 'capture':
        if (message.capture.phase === 'starting') {
          this.#stats = NO_STATS;
          // browsers get each id anew before they meet it
          this.#names = { ...this.#names, stacks: [] };
          this.session.restart();
        }
        this.#capture = message.capture;
        this.emit('snapshot');
        break;
      case 'stats':
        this.#stats = message.stats;
        break;
      case 'reply':
        break; // the connection's
    }
  }

  #hello(hello: SourceHello): void {
    this.#state = { phase: 'connected', hello };
    this.#sourceSinceUnixMs = Date.now();
    this.#capture = { phase: 'idle' };
    this.emit('snapshot');
  }

  /** A source that has just come, first or again, gets the settings that were last in force. */
  async #resume(): Promise<void> {
    if (this.#spec === undefined || this.#isResuming) return;
    this.#isResuming = true;
    const result = await this.request({ method: 'apply', spec: this.#spec }).finally(() => {
      this.#isResuming = false;
    });
    if (result.ok || this.#capture.phase === 'failed') return;
    this.#capture = { phase: 'failed', code: result.error.code, message: result.error.message };
    this.emit('snapshot');
  }

  #gone(note: string): void {
    this.#sourceSinceUnixMs = Date.now();
    this.#source = undefined;
    this.#capture = { phase: 'idle' };
    this.waiting(note);
  }

  #tell(tables: NameTables): void {
    this.#names = { ...this.#names, ...tables };
    this.session.takeNames(tables);
    this.emit('names', tables);
  }

  /** Names that the session's records gave; symbols, stacks and paths add to what is known. */
  #learn(tables: NameTables): void {
    const { symbols = [], stacks = [] } = this.#names;
    this.#names = {
      ...this.#names,
      ...(tables.symbols && { symbols: [...symbols, ...tables.symbols] }),
      ...(tables.stacks && { stacks: [...stacks, ...tables.stacks] }),
      ...(tables.paths && { paths: joined(this.#names.paths, tables.paths) }),
    };
    this.emit('names', tables);
  }
}
