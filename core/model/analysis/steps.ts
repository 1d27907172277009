import type { RecordCursor } from '../../wire/cursor.ts';
import { DROP, HOP, KIND, SECTION } from '../../wire/layout.gen.ts';

/** Steps of one packet that are read; whoever has more goes round in circles. */
export const STEPS_MAX = 1024;
/** Marks a drop's reason in the place of a function's id. */
export const DROP_BIT = 0x80000000;

/** Has the records of packets, and walks those of one: the newest first, and whatever else comes on the way. */
export interface Walkable {
  walk(packet: number, cursor: RecordCursor, visit: () => void): void;
}

/**
 * The steps of one packet, read into arrays that are used again for the next. A hop that says no namespace or interface
 * is where the hop before was.
 */
export class PacketSteps {
  /** Function's id, or {@link DROP_BIT} and the reason of a drop. */
  readonly what = new Uint32Array(STEPS_MAX);
  readonly netns = new Uint32Array(STEPS_MAX);
  readonly ifindex = new Uint32Array(STEPS_MAX);
  readonly timeNs = new Float64Array(STEPS_MAX);
  length = 0;
  /** More than {@link STEPS_MAX} hops: these are not all. */
  isCut = false;
  /** Of all steps, 53 bits. */
  fingerprint = 0;

  /** Reads hops and drops, whatever their order. */
  read(cursor: RecordCursor, packet: number, records: Walkable): void {
    this.length = 0;
    this.isCut = false;
    records.walk(packet, cursor, () => {
      const { kind } = cursor;
      if ((kind === KIND.hop || kind === KIND.drop) && cursor.packet === packet) this.#take(cursor);
    });
    this.#reverse();
    this.#sort();
    this.#fill();
    this.#hash();
  }

  /** Takes over steps as they were read once: `length` triples of what, namespace and interface, from this word on. */
  assign(words: Uint32Array, from: number, length: number): void {
    this.length = Math.min(length, STEPS_MAX);
    this.isCut = length > STEPS_MAX;
    for (let i = 0, at = from; i < this.length; i += 1, at += 3) {
      this.what[i] = words[at] ?? 0;
      this.netns[i] = words[at + 1] ?? 0;
      this.ifindex[i] = words[at + 2] ?? 0;
    }
    this.#hash();
  }

  #take(cursor: RecordCursor): void {
    const i = this.length;
    if (i >= STEPS_MAX) {
      this.isCut = true;
      return;
    }
    this.what[i] =
      cursor.kind === KIND.drop
        ? (DROP_BIT | cursor.view.getUint32(cursor.section(SECTION.drop) + DROP.reason, true)) >>> 0
        : cursor.u32(HOP.func);
    this.netns[i] = cursor.u32(HOP.netns);
    this.ifindex[i] = cursor.u32(HOP.ifindex);
    this.timeNs[i] = cursor.timeNs;
    this.length = i + 1;
  }

  #reverse(): void {
    for (const values of [this.what, this.netns, this.ifindex, this.timeNs])
      values.subarray(0, this.length).reverse();
  }

  /** By time; what is of one moment stays as it came. Records of a few CPUs come nearly in order. */
  #sort(): void {
    const { what, netns, ifindex, timeNs } = this;
    for (let i = 1; i < this.length; i += 1) {
      const time = timeNs[i] ?? 0;
      if ((timeNs[i - 1] ?? 0) <= time) continue;
      const [w, n, f] = [what[i] ?? 0, netns[i] ?? 0, ifindex[i] ?? 0];
      let at = i;
      for (; at > 0 && (timeNs[at - 1] ?? 0) > time; at -= 1) {
        what[at] = what[at - 1] ?? 0;
        netns[at] = netns[at - 1] ?? 0;
        ifindex[at] = ifindex[at - 1] ?? 0;
        timeNs[at] = timeNs[at - 1] ?? 0;
      }
      what[at] = w;
      netns[at] = n;
      ifindex[at] = f;
      timeNs[at] = time;
    }
  }

  #fill(): void {
    const { netns, ifindex } = this;
    let where = netns.find((inode, i) => i < this.length && inode !== 0) ?? 0;
    let device = 0;
    for (let i = 0; i < this.length; i += 1) {
      const inode = netns[i] || where;
      if (inode !== where) device = 0;
      where = inode;
      device = ifindex[i] || device;
      netns[i] = where;
      ifindex[i] = device;
    }
  }

  /** Two lanes of FNV-1a over words. */
  #hash(): void {
    let low = 0x811c9dc5;
    let high = 0x9747b28c;
    for (let i = 0; i < this.length; i += 1) {
      const [w, n, f] = [this.what[i] ?? 0, this.netns[i] ?? 0, this.ifindex[i] ?? 0];
      low = Math.imul(low ^ w, 0x01000193);
      low = Math.imul(low ^ (low >>> 15) ^ n, 0x01000193);
      low = Math.imul(low ^ (low >>> 15) ^ f, 0x01000193);
      high = Math.imul(high ^ f ^ (high >>> 13), 0x5bd1e995);
      high = Math.imul(high ^ n ^ (high >>> 13), 0x5bd1e995);
      high = Math.imul(high ^ w ^ (high >>> 13), 0x5bd1e995);
    }
    this.fingerprint = ((high >>> 11) & 0x1fffff) * 2 ** 32 + ((low ^ (low >>> 16)) >>> 0);
  }
}
