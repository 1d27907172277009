import { RecordCursor } from '../../core/wire/cursor.ts';

/** Finds where one session ends and the next begins: with the first record of a newer generation. */
export class GenerationSplit {
  readonly #cursor = new RecordCursor();
  #generation = 0;

  /** Of the session that runs; 0 before its first record. */
  get generation(): number {
    return this.#generation;
  }

  /** A capture begins on the kernel side anew. */
  restart(): void {
    this.#generation = 0;
  }

  /** Up to where whole records are of this session; what follows is the next one's, and is asked for again. */
  endOfSession(records: Uint8Array): number {
    const cursor = this.#cursor;
    cursor.reset(records);
    while (cursor.next()) {
      const { generation } = cursor;
      if (cursor.isName || generation <= this.#generation) continue;
      const isFirst = this.#generation === 0;
      this.#generation = generation;
      if (!isFirst) return cursor.offset;
    }
    return records.length;
  }
}
