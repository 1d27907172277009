/**
 * Drives an agent as the server does, over the source protocol: one capture goes through all expressions by exchanging
 * its filter, in seconds each where a command line for each would take minutes in all. The only scenarios that know
 * of the inside; the rest use the command line (../trace.ts).
 */
import { DEFAULT_SPEC, type FunctionInfo } from '../../../core/messages/source.ts';
import type { Hop } from '../../../core/model/hop.ts';
import { HopReader } from '../../../core/model/reader.ts';
import { hostCommand, type LocalSource, spawnAgent } from '../../../server/sources/local.ts';
import { check } from '../check.ts';

/** Hops and drops of one capture setting. */
export type Generation = readonly Hop[];

export class Agent {
  readonly #source: LocalSource;
  readonly #reader = new HopReader();
  readonly #generations = new Map<number, Hop[]>();
  #functions: ReadonlyMap<number, FunctionInfo> = new Map();
  #lost = 0;

  constructor() {
    this.#source = spawnAgent(hostCommand(), {
      message: (message) => {
        if (message.type === 'functions')
          this.#functions = new Map(message.functions.map((one) => [one.id, one]));
        if (message.type === 'stats') this.#lost = message.stats.lostRing.reduce((sum, n) => sum + n, 0);
      },
      batch: (records) => {
        this.#reader.read(records, { hop: (hop) => this.#take(hop) });
        return undefined;
      },
      gone: () => undefined, // requests under way fail with the reason
    });
  }

  /** Puts an expression in force, tested at every hop anew; the number that its records carry, or why not. */
  async apply(expression: string): Promise<number | { readonly code: string; readonly message: string }> {
    const filter = { ...DEFAULT_SPEC.filter, expression, keep: false };
    const applied = await this.#source.request({ method: 'apply', spec: { ...DEFAULT_SPEC, filter } });
    if (!applied.ok) return applied.error;
    return (applied.value as { readonly generation: number }).generation;
  }

  /** Ends the capture; what was recorded has then arrived, all of it. */
  async stop(): Promise<void> {
    const stopped = await this.#source.request({ method: 'stop' });
    check(stopped.ok, 'the capture stops', stopped);
    check(this.#lost === 0, 'no record is lost', this.#lost);
    check(this.#reader.missing === 0, 'no record is missing', this.#reader.missing);
  }

  /** What was seen under the settings of this number. */
  generation(number: number): Generation {
    return this.#generations.get(number) ?? [];
  }

  functionName(hop: Hop): string {
    return hop.kind === 'drop' ? 'drop' : (this.#functions.get(hop.func)?.name ?? `func ${hop.func}`);
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #take(hop: Hop): void {
    const known = this.#generations.get(hop.generation);
    if (known === undefined) this.#generations.set(hop.generation, [hop]);
    else known.push(hop);
  }
}
