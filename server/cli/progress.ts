import type { Recorded } from '../recording/recorded.ts';

const PROGRESS_MS = 500;

/** Set by who starts us and reads how far we are from our standard error, which is no terminal then. */
export const PROGRESS_VARIABLE = 'SKBTRACER_PROGRESS';

/** How far reading a recording is, on a terminal. */
export class Progress {
  readonly #recording: Recorded;
  readonly #isRead: boolean;
  #toldAt = 0;
  #isTold = false;

  constructor(recording: Recorded) {
    this.#recording = recording;
    this.#isRead = process.stderr.isTTY || process.env[PROGRESS_VARIABLE] !== undefined;
  }

  look(): void {
    const { share } = this.#recording;
    const now = performance.now();
    if (share === undefined || !this.#isRead || now - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = now;
    this.#isTold = true;
    process.stderr.write(`\r${Math.floor(100 * share)} % `);
  }

  end(): void {
    if (this.#isTold) process.stderr.write('\r\u001b[K');
  }
}
