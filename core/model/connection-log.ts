/** What a session keeps besides packets: events of TCP connections, and who owned the sockets that sent. Bounded. */
import type { RecordCursor } from '../wire/cursor.ts';
import { SOCKET } from '../wire/layout.gen.ts';

/** Events kept: 1,024 connections that were made, accepted and closed twice over. */
const EVENTS_MAX = 4096;
const OWNERS_MAX = 4096;

export interface ConnectionBatch {
  /** SOCKET records as they came, oldest first. */
  readonly records: Uint8Array<ArrayBuffer>;
  /** To be passed back for what comes after these. */
  readonly version: number;
  /** Events of this session that are no longer here. */
  readonly forgotten: number;
}

/** The newest SOCKET records of a session in one buffer that is used round and round. */
export class ConnectionLog {
  readonly #capacity: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #count = 0;

  constructor(capacity = EVENTS_MAX) {
    this.#capacity = capacity;
    this.#bytes = new Uint8Array(capacity * SOCKET.size);
  }

  take(cursor: RecordCursor): void {
    const record = cursor.bytes.subarray(cursor.offset, cursor.offset + SOCKET.size);
    this.#bytes.set(record, (this.#count % this.#capacity) * SOCKET.size);
    this.#count += 1;
  }

  /** What came after `version` (0: all that is kept). */
  since(version: number): ConnectionBatch {
    const forgotten = Math.max(0, this.#count - this.#capacity);
    const from = Math.min(this.#count, Math.max(version, forgotten));
    const records = new Uint8Array((this.#count - from) * SOCKET.size);
    for (let i = from; i < this.#count; i += 1) {
      const at = (i % this.#capacity) * SOCKET.size;
      records.set(this.#bytes.subarray(at, at + SOCKET.size), (i - from) * SOCKET.size);
    }
    return { records, version: this.#count, forgotten };
  }

  clear(): void {
    this.#count = 0;
  }
}

export interface OwnerName {
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: number;
}

/** Processes by their number: the name and control group that each had last. The longest not seen give way. */
export class OwnerTable {
  readonly #owners = new Map<number, OwnerName>();

  saw(pid: number, cgroup: number, comm: string): void {
    this.#owners.delete(pid);
    this.#owners.set(pid, { pid, cgroup, comm });
    if (this.#owners.size <= OWNERS_MAX) return;
    for (const oldest of this.#owners.keys()) {
      this.#owners.delete(oldest);
      return;
    }
  }

  get all(): readonly OwnerName[] {
    return [...this.#owners.values()];
  }

  clear(): void {
    this.#owners.clear();
  }
}
