/**
 * Counts events that are missing from the records' sequence numbers. Each CPU counts its records from 0, lost
 * ones too; an interrupt may send its record before the one that it interrupted, so a late number takes back
 * what its gap had counted.
 */
export class GapCounter {
  readonly #next = new Map<number, number>();
  #missing = 0;

  /** A record arrived that has `numbers` numbers from `seq` on; see RecordCursor. */
  saw(cpu: number, seq: number, numbers = 1): void {
    if (numbers === 0) return;
    const ahead = (seq - (this.#next.get(cpu) ?? 0)) | 0;
    if (ahead < 0) {
      this.#missing -= numbers;
      return;
    }
    this.#missing += ahead;
    this.#next.set(cpu, (seq + numbers) >>> 0);
  }

  get missing(): number {
    return Math.max(0, this.#missing);
  }

  /** Forgets what is missing, but not where each CPU is: for new settings on a running capture. */
  forgive(): void {
    this.#missing = 0;
  }

  /** A new capture: its CPUs count from 0 again. */
  restart(): void {
    this.#next.clear();
    this.#missing = 0;
  }
}
