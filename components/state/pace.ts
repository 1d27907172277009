/**
 * How often something may be done whose cost varies: not more often than every so many milliseconds, and taking no more
 * than a share of the time. A page that draws much with each change so draws seldom, and stays quick to its user.
 */
export class Pace {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #share: number;
  #beganAt = Number.NEGATIVE_INFINITY;
  #restMs: number;

  /** @param share of the time, as 1/16; but at least once in `mostMs` it is done, however long it takes */
  constructor(leastMs: number, mostMs: number, share: number) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#share = share;
    this.#restMs = leastMs;
  }

  /** It is being done now. @param now in ms, of any clock that never goes back */
  begin(now: number): void {
    this.#beganAt = now;
  }

  /** All that came of it is over. */
  end(now: number): void {
    this.#restMs = Math.min(this.#mostMs, Math.max(this.#leastMs, (now - this.#beganAt) / this.#share));
  }

  /** Until it may be done again, 0 or less when it may now. */
  waitMs(now: number): number {
    return this.#beganAt + this.#restMs - now;
  }
}
