import { EventEmitter } from 'node:events';
import { fail, type Result } from '../../core/base/result.ts';
import type { NameTables, Snapshot, SourceKind, SourceState } from '../../core/messages/browser.ts';
import type { Fact } from '../../core/messages/facts.ts';
import type { Keeping } from '../../core/messages/keeping.ts';
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
import type { Trigger } from '../../core/model/triggers.ts';
import { FactLog } from '../recording/save.ts';
import type { RequestBody, Source, SourceListener } from '../sources/source.ts';
import type { FreezeRequest } from '../store/frozen.ts';
import type { KeptFiles } from '../store/kept.ts';
import type { FrozenAnswer } from '../store/messages.ts';
import type { Saving, Store } from '../store/store.ts';
import { Session } from './session.ts';

export interface HubSettings {
  readonly kind: SourceKind;
  readonly labReason: string;
  /** Of records in memory. */
  readonly memoryBytes: number;
  /** Of a recording that has an index. */
  readonly kept?: KeptFiles;
}

/** Keeps sessions on the disk, or does not. */
export type HubStore = Pick<
  Store,
  'keeping' | 'message' | 'batch' | 'explained' | 'path' | 'records' | 'freeze' | 'saved' | 'close'
>;

/** How far a recording is read; of what runs there is nothing to be read. */
export interface Reading {
  readonly isDone: boolean;
  /** 0 to 1; undefined where it is not known how much there is. */
  readonly share: number | undefined;
  /** What is wrong with it, or missing at its end; '' for nothing. */
  readonly note: string;
}

interface HubEvents {
  /** Source, capture or session changed. */
  snapshot: [];
  /** What the tracer counted, and when (wall clock, ms since 1970), where the source told that. */
  stats: [TracerStats, number | undefined];
  names: [NameTables];
  /** What the session was told to wait for, and in which session. */
  happened: [Trigger, number];
}

/** What the gateway needs of it. */
export interface GatewayHub {
  readonly snapshot: Snapshot;
  readonly names: NameTables;
  readonly stats: TracerStats;
  /** Wall clock (ms since 1970) when the source came, or went. */
  readonly sourceSinceUnixMs: number;
  /** The source is a recording: what it says was so then. */
  readonly isRecorded: boolean;
  /** What is kept of sessions on the disk. */
  readonly keeping: Keeping;
  /** Of a recording. */
  readonly reading: Reading;
  sessionNumber: number;
  readonly session: Pick<
    Session,
    | 'pulse'
    | 'rowsSince'
    | 'path'
    | 'hops'
    | 'analysis'
    | 'latency'
    | 'side'
    | 'connections'
    | 'hitsByFunction'
    | 'backlog'
  >;
  on<E extends keyof HubEvents>(event: E, listener: (...values: HubEvents[E]) => void): unknown;
  apply(spec: CaptureSpec): Promise<Result<{ readonly session: number }>>;
  stop(): Promise<Result<null>>;
  request(body: RequestBody): Promise<Result<unknown>>;
  /** These explained a packet of this session. */
  explained(packet: number, facts: readonly Fact[]): void;
  /** All records of a packet of that session that are on the disk; undefined when there are none. */
  keptPath(session: number, packet: number): Promise<ArrayBuffer | undefined>;
}

const STARTING: Readonly<Record<SourceKind, string>> = {
  host: 'The agent starts.',
  lab: 'The lab boots.',
  recording: 'The recording is opened.',
};

/**
 * What the server knows: the one source, its capture, its names, and the session made of its batches. Sources
 * come and go; the last settings are put in force again on the next.
 */
export class Hub extends EventEmitter<HubEvents> implements GatewayHub {
  readonly session: Session;
  readonly #kind: SourceKind;
  readonly #labReason: string;
  #source: Source | undefined;
  #state: SourceState;
  #capture: CaptureState = { phase: 'idle' };
  /** What is to be captured, now or once there is a source again. */
  #spec: CaptureSpec | undefined;
  #isResuming = false;
  #lastHello: SourceHello | undefined;
  /** What explained packets of this session. */
  readonly facts = new FactLog();
  #names: NameTables = {};
  #stats = NO_STATS;
  reading: Reading = { isDone: true, share: undefined, note: '' };
  #sourceSinceUnixMs = Date.now();
  /** Changes with every capture that starts; the session's own number follows. */
  #sessionNumber = 0;

  readonly #store: HubStore;

  constructor(
    { kind, labReason, memoryBytes, kept }: HubSettings,
    store: HubStore,
    onFault: (error: Error) => void,
  ) {
    super();
    this.#store = store;
    this.#kind = kind;
    this.#spec = kind === 'recording' ? undefined : DASHBOARD_SPEC;
    this.#labReason = labReason;
    this.#state = {
      phase: 'connecting',
      kind,
      note: STARTING[kind],
    };
    const settings = { isRecorded: this.isRecorded, memoryBytes, kept };
    this.session = new Session(settings, {
      names: (tables) => this.#learn(tables),
      happened: (trigger, session) => this.emit('happened', trigger, session),
      kept: (packets) => store.records(packets),
      fault: onFault,
    });
  }

  get snapshot(): Snapshot {
    return {
      source: this.#state,
      capture: this.#capture,
      session: this.#sessionNumber,
      labReason: this.#labReason,
    };
  }

  get lastHello(): SourceHello | undefined {
    return this.#lastHello;
  }

  get keeping(): Keeping {
    return this.#store.keeping;
  }

  get isRecorded(): boolean {
    return this.#kind === 'recording';
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
    this.facts.clear();
    this.emit('snapshot');
  }

  /** The listener of a source that is about to be connected; `attach` follows with the source itself. */
  listener(): SourceListener {
    return {
      message: (message) => {
        if (message.type !== 'reply') this.#store.message(message);
        this.#take(message);
      },
      batch: (records) => {
        const kept = this.#store.batch(records); // before the session gets the buffer
        const taken = this.session.take(records);
        return kept && taken ? Promise.all([kept, taken]).then(() => undefined) : (kept ?? taken);
      },
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

  explained(packet: number, facts: readonly Fact[]): void {
    this.facts.add(packet, facts);
    this.#store.explained(packet, facts);
  }

  async keptPath(session: number, packet: number): Promise<ArrayBuffer | undefined> {
    const kept = await this.#store.path(packet);
    return kept.session === session ? kept.records?.buffer : undefined;
  }

  /** A recording of the last of the session that is on the disk. */
  freezeKept(request: FreezeRequest): Promise<FrozenAnswer> {
    return this.#store.freeze(request);
  }

  /** All of the session that is on the disk, to be saved; undefined where none is. */
  savedKept(): Promise<Saving | undefined> {
    return this.#store.saved();
  }

  async close(): Promise<void> {
    await this.#source?.close();
    await this.#store.close();
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
        this.emit('stats', message.stats, message.atUnixMs);
        break;
      case 'reply':
        break; // the connection's
    }
  }

  #hello(hello: SourceHello): void {
    this.#state = { phase: 'connected', hello };
    this.#lastHello = hello;
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
