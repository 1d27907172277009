import { asNs, type Ns } from '../base/units.ts';

/**
 * The present in the records' time, told by when records come: the least that one was ever late is the distance of
 * the two clocks. So it holds for a source whose clock is another machine's, and for a recording.
 */
export class Present {
  #distanceNs = Number.POSITIVE_INFINITY;

  /** A record of this time was there at `clockNs` of a clock that only goes forward. */
  saw(record: Ns, clockNs: number): void {
    this.#distanceNs = Math.min(this.#distanceNs, clockNs - record);
  }

  /** Undefined before the first record. */
  at(clockNs: number): Ns | undefined {
    return Number.isFinite(this.#distanceNs) ? asNs(Math.round(clockNs - this.#distanceNs)) : undefined;
  }

  /** The records' time begins anew. */
  restart(): void {
    this.#distanceNs = Number.POSITIVE_INFINITY;
  }
}
