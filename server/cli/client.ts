/** The source as the command line uses it: wait until it has introduced itself, then ask. */
import { check } from '../../core/base/schema.ts';
import { type Fact, type FactQuery, factsSchema } from '../../core/messages/facts.ts';
import type {
  CaptureState,
  NetnsInfo,
  SourceHello,
  SourceMessage,
  TracerStats,
} from '../../core/messages/source.ts';
import { refusal } from '../../core/model/capabilities.ts';
import { NameBook } from '../../core/model/names.ts';
import { hostCommand, type LocalSource, labCommand, spawnAgent } from '../sources/local.ts';
import { failure } from './usage.ts';

export interface ClientEvents {
  batch(records: Uint8Array): Promise<void> | undefined;
  gone(note: string): void;
  /** What is said of the capture, when it changes. */
  capture?(state: CaptureState): void;
}

/** What an agent has told until now. */
export class Client {
  readonly names = new NameBook();
  readonly source: LocalSource;
  hello: SourceHello | undefined;
  namespaces: readonly NetnsInfo[] | undefined;
  stats: TracerStats | undefined;
  refused: readonly { readonly name: string; readonly reason: string }[] = [];
  capture: CaptureState = { phase: 'idle' };
  plan: { readonly attached: number; readonly backend: string; readonly attachMs: number } | undefined;
  readonly #events: ClientEvents;
  #waiting: (() => void)[] = [];
  #goneNote: string | undefined;

  constructor(options: { readonly source: 'host' | 'lab'; readonly kernel: string }, events: ClientEvents) {
    this.#events = events;
    const command = options.source === 'lab' ? labCommand(options.kernel) : hostCommand();
    this.source = spawnAgent(command, {
      message: (message) => this.#take(message),
      batch: (records) => events.batch(records),
      gone: (note) => {
        this.#goneNote = note;
        this.#wake();
        events.gone(note);
      },
    });
  }

  /** Waits for hello, whatever it says. */
  greeting(): Promise<SourceHello> {
    return this.#until(() => this.hello);
  }

  /** Waits for hello and refuses a kernel that cannot be traced, saying why. */
  async introduction(): Promise<SourceHello> {
    const hello = await this.greeting();
    const why = refusal(hello.capabilities);
    if (why !== undefined)
      throw failure(`this kernel cannot be traced: ${why} (--source lab traces one in a VM)`);
    return hello;
  }

  /** Waits until functions, reasons and namespaces were told. */
  async tables(): Promise<readonly NetnsInfo[]> {
    return this.#until(() => this.namespaces);
  }

  /** What the source's host says about itself; nothing when it does not answer. */
  async facts(queries: readonly FactQuery[]): Promise<readonly Fact[]> {
    const answer = await this.source.request({ method: 'facts', queries });
    const told = answer.ok ? check(factsSchema, answer.value) : undefined;
    return told?.ok === true ? told.value.facts : [];
  }

  async #until<T>(get: () => T | undefined): Promise<T> {
    for (;;) {
      const value = get();
      if (value !== undefined) return value;
      if (this.#goneNote !== undefined) throw failure(this.#goneNote);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #take(message: SourceMessage): void {
    switch (message.type) {
      case 'hello':
        this.hello = message.hello;
        break;
      case 'functions':
        this.names.take({ functions: message.functions });
        break;
      case 'reasons':
        this.names.take({ reasons: message.reasons });
        break;
      case 'namespaces':
        this.namespaces = message.namespaces;
        this.names.take({ namespaces: message.namespaces });
        break;
      case 'cgroups':
        this.names.take({ cgroups: message.cgroups });
        break;
      case 'stats':
        this.stats = message.stats;
        break;
      case 'capture':
        this.capture = message.capture;
        if (message.capture.phase === 'running') {
          this.plan = message.capture;
          this.refused = message.capture.refused;
        }
        this.#events.capture?.(message.capture);
        break;
      case 'topology':
      case 'reply':
        break;
    }
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
