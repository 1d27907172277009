import { failure } from './usage.ts';

/** Why a trace ends: told to, enough printed, nobody reads, or the agent is gone. */
export class Ending {
  readonly reached: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;
  #signals = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onSignal = () => {
    this.#signals += 1;
    if (this.#signals > 1) process.exit(130);
    this.now('signal');
  };

  constructor() {
    this.reached = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.reached.catch(() => undefined); // who waits for it hears it too
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  now(_why: 'signal' | 'done' | 'closed'): void {
    this.#resolve();
  }

  gone(note: string): void {
    this.#reject(failure(note));
  }

  /** Ends by itself; undefined: it does not. */
  after(ms: number | undefined): void {
    if (ms !== undefined) this.#timer = setTimeout(() => this.now('done'), ms);
  }

  forget(): void {
    clearTimeout(this.#timer);
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
