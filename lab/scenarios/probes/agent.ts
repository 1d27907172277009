/** An agent as the server drives it, for what the command line cannot ask: another probe plan on a capture that runs. */
import { parse } from '../../../core/base/schema.ts';
import {
  type CaptureSpec,
  type CaptureState,
  DEFAULT_SPEC,
  type FunctionInfo,
  type Price,
  type ProbePlan,
  priceSchema,
  type TracerStats,
} from '../../../core/messages/source.ts';
import type { Decision, Free, Hop } from '../../../core/model/hop.ts';
import { HopReader } from '../../../core/model/reader.ts';
import { stageOf } from '../../../core/model/stages.ts';
import { hostCommand, type LocalSource, spawnAgent } from '../../../server/sources/local.ts';
import { check } from '../check.ts';

export interface Watcher {
  hop(hop: Hop): void;
  free(free: Free): void;
  decision?(decision: Decision): void;
  /** The capture is so from here on in the stream. */
  capture(state: CaptureState): void;
}

export class ProbingAgent {
  readonly reader = new HopReader();
  functions: ReadonlyMap<number, FunctionInfo> = new Map();
  stats: TracerStats | undefined;
  pid = 0;
  readonly #source: LocalSource;
  #wake: () => void = () => undefined;

  constructor(watcher: Watcher) {
    this.#source = spawnAgent(hostCommand(), {
      message: (message) => {
        if (message.type === 'hello') this.pid = message.hello.agentPid;
        if (message.type === 'functions')
          this.functions = new Map(message.functions.map((one) => [one.id, one]));
        if (message.type === 'stats') this.stats = message.stats;
        if (message.type === 'capture') watcher.capture(message.capture);
        this.#wake();
      },
      batch: (records) => {
        this.reader.read(records, {
          hop: (hop) => watcher.hop(hop),
          free: (free) => watcher.free(free),
          decision: (decision) => watcher.decision?.(decision),
        });
        this.#wake();
        return undefined;
      },
      gone: () => this.#wake(),
    });
  }

  stageOf(id: number): string {
    const one = this.functions.get(id);
    return stageOf(one?.name ?? '', one?.module);
  }

  /** Resolves when the agent has told what makes it so; looked at whenever it tells something, at most two minutes. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 120_000;
    while (!holds()) {
      check(performance.now() < deadline, what);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async apply(spec: Partial<CaptureSpec>): Promise<void> {
    const applied = await this.#source.request({ method: 'apply', spec: { ...DEFAULT_SPEC, ...spec } });
    check(applied.ok, 'it is put in force', applied);
  }

  async price(probes: ProbePlan): Promise<Price> {
    const priced = await this.#source.request({ method: 'price', probes });
    check(priced.ok, 'the price is told', priced);
    return parse(priceSchema, priced.value);
  }

  async stop(): Promise<void> {
    const stopped = await this.#source.request({ method: 'stop' });
    check(stopped.ok, 'the capture stops', stopped);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
