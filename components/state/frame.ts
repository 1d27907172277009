/**
 * The page's one animation-frame scheduler: whoever has something to draw asks here, each job runs at most once
 * a frame, in the order of asking. Data is taken in when it arrives; only drawing waits for a frame, so a hidden
 * tab (which gets no frames) stays up to date without drawing.
 */
export type FrameJob = () => void;

export interface FrameClock {
  request(callback: () => void): void;
}

export class FrameScheduler {
  readonly #pending = new Set<FrameJob>();
  readonly #clock: FrameClock;
  #asked = false;

  constructor(clock: FrameClock) {
    this.#clock = clock;
  }

  /** Runs `job` before the next paint; asking again before that changes nothing. */
  schedule(job: FrameJob): void {
    this.#pending.add(job);
    if (this.#asked) return;
    this.#asked = true;
    this.#clock.request(() => this.#run());
  }

  cancel(job: FrameJob): void {
    this.#pending.delete(job);
  }

  #run(): void {
    this.#asked = false;
    const jobs = [...this.#pending];
    this.#pending.clear();
    for (const job of jobs) job();
  }
}

export const frames = new FrameScheduler({ request: (callback) => requestAnimationFrame(callback) });
