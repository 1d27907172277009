/** The source as the command line uses it: wait until it has introduced itself, then ask. */
import { check } from '../../core/base/schema.ts';
import { type Fact, type FactQuery, factsSchema } from '../../core/messages/facts.ts';
import type { CaptureState, NetnsInfo, SourceHello, SourceMessage } from '../../core/messages/source.ts';
import { refusal } from '../../core/model/capabilities.ts';
import { hasLab, NO_LAB } from '../place.ts';
import { hostCommand, type LocalSource, labCommand, spawnAgent } from '../sources/local.ts';
import type { Source } from '../sources/source.ts';
import { Told } from './told.ts';
import { failure } from './usage.ts';

export interface ClientEvents {
  batch(records: Uint8Array): Promise<void> | undefined;
  gone(note: string): void;
  /** Everything that is said, before it is taken in. */
  said?(message: SourceMessage): void;
  /** What is said of the capture, when it changes. */
  capture?(state: CaptureState): void;
}

/** An agent that was started, and what it has told until now. */
export class Client extends Told {
  readonly source: LocalSource;
  readonly #events: ClientEvents;
  #waiting: (() => void)[] = [];
  #goneNote: string | undefined;

  constructor(options: { readonly source: 'host' | 'lab'; readonly kernel: string }, events: ClientEvents) {
    super();
    this.#events = events;
    if (options.source === 'lab' && !hasLab()) throw failure(NO_LAB);
    const command = options.source === 'lab' ? labCommand(options.kernel) : hostCommand();
    this.source = spawnAgent(command, {
      message: (message) => this.#hear(message),
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
      throw failure(
        `this kernel cannot be traced: ${why}${hasLab() ? ' (--source lab traces one in a VM)' : ''}`,
      );
    return hello;
  }

  /** Waits until functions, reasons and namespaces were told. */
  async tables(): Promise<readonly NetnsInfo[]> {
    return this.#until(() => this.namespaces);
  }

  /** What the source's host says about itself; nothing when it does not answer. */
  facts(queries: readonly FactQuery[]): Promise<readonly Fact[]> {
    return factsOf(this.source, queries);
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

  #hear(message: SourceMessage): void {
    this.#events.said?.(message);
    this.take(message);
    if (message.type === 'capture') this.#events.capture?.(message.capture);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** What a source says about its host, or said then of this packet's; nothing when it does not answer. */
export async function factsOf(
  source: Source,
  queries: readonly FactQuery[],
  packet?: number,
): Promise<readonly Fact[]> {
  const of = packet === undefined ? {} : { packet };
  const answer = await source.request({ method: 'facts', queries, ...of });
  const told = answer.ok ? check(factsSchema, answer.value) : undefined;
  return told?.ok === true ? told.value.facts : [];
}
