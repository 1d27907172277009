/** Numbers for the 5-tuples of packed rows: rows that are alike have the same one, without an object for each row. */
import { L4_KIND } from '../../wire/layout.gen.ts';
import { ROW } from '../../wire/rows.ts';
import { addressHash, isEchoType } from '../../wire/tuple.ts';

/** Bytes of a key: namespace, what the packet is, two addresses, two ports (of an echo its id, twice). */
const KEY = { netns: 0, kind: 4, protocol: 8, ports: 12, addresses: 16, size: 48 } as const;
const FIRST_CAPACITY = 256;
/** Whether the row is an echo request or reply. */
export const isEcho = (view: DataView, at: number): boolean =>
  isEchoType(view.getUint8(at + ROW.l4Kind), view.getUint8(at + ROW.icmpType));

/** The first namespace and the directed 5-tuple at first sight. Each different one is a number from 0. */
export class TupleTable {
  readonly #numbers = new Map<number, number>();
  #next = new Int32Array(FIRST_CAPACITY);
  #keys = new DataView(new ArrayBuffer(FIRST_CAPACITY * KEY.size));
  readonly #key = new DataView(new ArrayBuffer(KEY.size));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Of the row at byte `at`; made when it is new. Alike ones are chained by their hash: `next` is a number + 1. */
  of(view: DataView, at: number): number {
    this.#write(view, at);
    const hash = this.#hash();
    const known = this.#find(hash);
    if (known >= 0) return known;
    const number = this.#size;
    this.#size += 1;
    if (this.#size > this.#next.length) this.#grow();
    for (let i = 0; i < KEY.size; i += 4)
      this.#keys.setUint32(number * KEY.size + i, this.#key.getUint32(i, true), true);
    this.#next[number] = (this.#numbers.get(hash) ?? -1) + 1;
    this.#numbers.set(hash, number);
    return number;
  }

  /** The tuple itself, the same whatever number it has. */
  text(number: number): string {
    const words = Array.from({ length: KEY.size / 4 }, (_, i) =>
      this.#keys.getUint32(number * KEY.size + 4 * i, true).toString(36),
    );
    return words.join('.');
  }

  #find(hash: number): number {
    const first = this.#numbers.get(hash) ?? -1;
    for (let number = first; number >= 0; number = (this.#next[number] ?? 0) - 1)
      if (this.#isAt(number)) return number;
    return -1;
  }

  #write(view: DataView, at: number): void {
    const key = this.#key;
    const kind = view.getUint8(at + ROW.l4Kind);
    const isIcmp = kind === L4_KIND.icmp || kind === L4_KIND.icmp6;
    const id = view.getUint16(at + ROW.icmpId, true);
    const echo = isIcmp && isEcho(view, at);
    key.setUint32(KEY.netns, view.getUint32(at + ROW.firstNetns, true), true);
    // other ICMP messages than echoes are told apart by their type
    key.setUint32(KEY.kind, kind | (isIcmp && !echo ? (view.getUint8(at + ROW.icmpType) + 1) << 8 : 0), true);
    key.setUint16(KEY.protocol, view.getUint16(at + ROW.protocol, true), true);
    key.setUint16(KEY.protocol + 2, view.getUint8(at + ROW.ipProtocol), true);
    key.setUint16(KEY.ports, isIcmp ? (echo ? id : 0) : view.getUint16(at + ROW.sport, true), true);
    key.setUint16(KEY.ports + 2, isIcmp ? (echo ? id : 0) : view.getUint16(at + ROW.dport, true), true);
    for (let i = 0; i < 32; i += 4)
      key.setUint32(KEY.addresses + i, view.getUint32(at + ROW.saddr + i, true), true);
  }

  #hash(): number {
    const key = this.#key;
    let hash = addressHash(key, KEY.addresses);
    for (let i = 0; i < KEY.addresses; i += 4) {
      hash = Math.imul(hash ^ key.getUint32(i, true), 0x01000193);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #isAt(number: number): boolean {
    for (let i = 0; i < KEY.size; i += 4)
      if (this.#keys.getUint32(number * KEY.size + i, true) !== this.#key.getUint32(i, true)) return false;
    return true;
  }

  #grow(): void {
    const next = new Int32Array(this.#next.length * 2);
    next.set(this.#next);
    this.#next = next;
    const keys = new Uint8Array(this.#keys.byteLength * 2);
    keys.set(new Uint8Array(this.#keys.buffer));
    this.#keys = new DataView(keys.buffer);
  }
}
