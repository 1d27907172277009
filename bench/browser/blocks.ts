/**
 * Records for generated sessions: blocks of twenty packets that go through the stack beside each other, made once by the
 * writers that the tests have (core/wire/test), and sent again and again with other ids, times and sequence numbers.
 */
import { FREE, HEADER, HOP } from '../../core/wire/layout.gen.ts';
import { generator } from '../../core/wire/test/random.ts';
import { batch, free, hop } from '../../core/wire/test/records.ts';

export const BLOCK_PACKETS = 20;
const VARIANTS = 50;
/** Between the records of a block; and between the beginnings of two blocks. */
const STEP_NS = 50;
/** Every so manyth packet ends in a drop. */
const DROP_EVERY = 50;

export interface World {
  /** Function ids that hops may be at. */
  readonly functions: readonly number[];
  readonly places: readonly { readonly netns: number; readonly ifindex: number }[];
  readonly dropReason: number;
}

interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Of each record: where it starts, and which of the block's packets it is of. */
  readonly at: Uint32Array;
  readonly packet: Uint8Array;
}

/** Writes blocks one after the other; the same bytes every time. */
export class BlockWriter {
  readonly #blocks: readonly Block[];
  #written = 0;
  #seq = 0;
  #timeNs: number;
  #packet: number;

  /** `timeNs` and `packet` are the first record's. */
  constructor(world: World, hops: number, timeNs: number, packet: number) {
    const random = generator(7);
    this.#blocks = Array.from({ length: VARIANTS }, (_, variant) => makeBlock(world, hops, variant, random));
    this.#timeNs = timeNs;
    this.#packet = packet;
  }

  /** Records and bytes of every block. */
  get records(): number {
    return this.#blocks[0]?.at.length ?? 0;
  }

  /** Time of the record to come. */
  get timeNs(): number {
    return this.#timeNs;
  }

  /** The next block, in a buffer of its own. */
  next(): Uint8Array<ArrayBuffer> {
    const block = this.#advance();
    const bytes = block.bytes.slice();
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < block.at.length; i += 1) {
      const at = block.at[i] ?? 0;
      const timeNs = this.#timeNs + i * STEP_NS;
      view.setUint32(at + HEADER.timeNs, timeNs % 2 ** 32, true);
      view.setUint32(at + HEADER.timeNs + 4, timeNs / 2 ** 32, true);
      view.setUint32(at + HEADER.seq, this.#seq + i, true);
      view.setUint32(at + HOP.packet, this.#packet + (block.packet[i] ?? 0), true);
    }
    this.#pass(block);
    return bytes;
  }

  /** As if the next block had found no room: its sequence numbers are used up. The records that are lost. */
  lose(): number {
    const block = this.#advance();
    this.#pass(block);
    return block.at.length;
  }

  #advance(): Block {
    const block = this.#blocks[this.#written % VARIANTS];
    if (block === undefined) throw new Error('never: there are variants');
    this.#written += 1;
    return block;
  }

  #pass(block: Block): void {
    this.#seq += block.at.length;
    this.#timeNs += block.at.length * STEP_NS;
    this.#packet += BLOCK_PACKETS;
  }
}

function makeBlock(world: World, hops: number, variant: number, random: () => number): Block {
  const { functions, places } = world;
  const packets = Array.from({ length: BLOCK_PACKETS }, (_, i) => ({
    number: i,
    saddr: [10, 1, variant, i],
    daddr: [10, 2, 0, random() % 20],
    sport: 1024 + (random() % 60_000),
    dport: [53, 80, 443, 8080][random() % 4] ?? 80,
    isDropped: (variant * BLOCK_PACKETS + i) % DROP_EVERY === 0,
    turn: random() % 40,
  }));
  const records: { bytes: Uint8Array; packet: number }[] = [];
  for (let step = 0; step < hops; step += 1)
    for (const { number, saddr, daddr, sport, dport, isDropped, turn } of packets) {
      const place = places[Math.floor((step * places.length) / hops)] ?? { netns: 1, ifindex: 1 };
      const isLast = step === hops - 1;
      const bytes = hop({
        packet: number,
        func: functions[(step * 5 + (step > hops / 2 ? turn : 0)) % functions.length] ?? 1,
        ...place,
        ...(step === 0 && {
          mark: 0,
          ip: { saddr, daddr, protocol: 6 },
          ports: [sport, dport] as const,
          tcpFlags: 0x10,
        }),
        ...(isLast && isDropped && { drop: { reason: world.dropReason, location: 0x81000000 } }),
      });
      records.push({ bytes, packet: number });
    }
  for (const { number } of packets) records.push({ bytes: free({ packet: number }), packet: number });
  const at = new Uint32Array(records.length);
  let end = 0;
  for (const [i, { bytes }] of records.entries()) {
    at[i] = end;
    end += bytes.length;
  }
  const bytes = batch(...records.map((record) => record.bytes));
  return {
    bytes,
    view: new DataView(bytes.buffer),
    at,
    packet: Uint8Array.from(records, ({ packet }) => packet),
  };
}

/** One packet's hops from a time on, in batches of up to 2,000; its end is in the last, a drop where it is dropped. */
export function* giantBatches(
  world: World,
  packet: number,
  hops: number,
  fromNs: number,
  seqFrom: number,
  isDropped = false,
): Generator<Uint8Array> {
  const SIZE = 2000;
  const { functions, places } = world;
  for (let from = 0; from < hops; from += SIZE) {
    const count = Math.min(SIZE, hops - from);
    const records = Array.from({ length: count }, (_, i) => {
      const step = from + i;
      return hop({
        packet,
        time: fromNs + step * 100,
        seq: seqFrom + step,
        func: functions[step % functions.length] ?? 1,
        ...(places[Math.floor(step / 50) % places.length] ?? { netns: 1, ifindex: 1 }),
        ...(isDropped && step === hops - 1 && { drop: { reason: world.dropReason, location: 0x81000000 } }),
        ...(step === 0 && {
          ip: { saddr: [10, 9, 0, 1], daddr: [10, 9, 0, 2], protocol: 17 },
          ports: [4000, 4000] as const,
        }),
      });
    });
    if (from + count === hops) records.push(free({ packet, time: fromNs + hops * 100, seq: seqFrom + hops }));
    yield batch(...records);
  }
}

/** A check that the two layouts which are patched agree on where the packet is. */
if (HOP.packet !== FREE.packet)
  throw new Error('bpf/wire.h: hop and free have the packet in different places');
