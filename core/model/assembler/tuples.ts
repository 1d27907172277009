import type { RecordCursor } from '../../wire/cursor.ts';
import { IP, L4, SECTION } from '../../wire/layout.gen.ts';
import { addressHash, transportHash, tupleHash } from '../../wire/tuple.ts';

/** What each packet is now, behind every translation: hashes of its addresses, and of its protocol and ports, by slot. */
export class Tuples {
  readonly #addresses: Uint32Array;
  readonly #transport: Uint32Array;

  constructor(capacity: number) {
    this.#addresses = new Uint32Array(capacity);
    this.#transport = new Uint32Array(capacity);
  }

  /** Another packet is in this slot now. */
  begin(slot: number): void {
    this.#addresses[slot] = 0;
    this.#transport[slot] = 0;
  }

  /** Hash of the packet's tuple, as far as this record says it anew; undefined when it says nothing of it. */
  read(slot: number, cursor: RecordCursor): number | undefined {
    const from = cursor.view;
    const ip = cursor.section(SECTION.ip);
    const l4 = cursor.section(SECTION.l4);
    if (ip < 0 && l4 < 0) return undefined;
    if (ip >= 0) this.#addresses[slot] = addressHash(from, ip + IP.saddr);
    if (l4 >= 0)
      this.#transport[slot] = transportHash({
        kind: from.getUint8(l4 + L4.kind),
        sport: from.getUint16(l4 + L4.sport, true),
        dport: from.getUint16(l4 + L4.dport, true),
        icmpType: from.getUint8(l4 + L4.icmpType),
        icmpId: from.getUint16(l4 + L4.icmpId, true),
      });
    return tupleHash(this.#addresses[slot] ?? 0, this.#transport[slot] ?? 0);
  }
}
