/** The last blocks of a recording, in memory: what a flight recorder has of the past. */
import type { Sink } from './sink.ts';

export interface RingLimits {
  /** Of blocks as they would lie on a disk. */
  readonly bytes: number;
  readonly ms: number;
}

interface Kept {
  readonly block: Buffer;
  readonly atMs: number;
}

/**
 * A sink that lets go of its oldest blocks; the newest is always there. Each write is one block but for the first, which is
 * the recording's header.
 */
export class RingSink implements Sink {
  readonly #limits: RingLimits;
  readonly #now: () => number;
  #blocks: Kept[] = [];
  #bytes = 0;
  #isBegun = false;

  /** `now`: ms that only grow. */
  constructor(limits: RingLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Oldest first. */
  get blocks(): readonly Buffer[] {
    return this.#blocks.map(({ block }) => block);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isBegun) {
      this.#isBegun = true;
      return;
    }
    this.#blocks.push({ block: Buffer.from(bytes), atMs: this.#now() });
    this.#bytes += bytes.length;
    const oldestMs = this.#now() - this.#limits.ms;
    let gone = 0;
    for (const { block, atMs } of this.#blocks.slice(0, -1)) {
      if (this.#bytes <= this.#limits.bytes && atMs >= oldestMs) break;
      this.#bytes -= block.length;
      gone += 1;
    }
    if (gone > 0) this.#blocks = this.#blocks.slice(gone);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
