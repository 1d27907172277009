/** One direction of a conversation, as it was first seen in a namespace. */
import { L4_KIND, RELATION } from '../../wire/layout.gen.ts';
import {
  ROW, ROW_BYTES, rowFirstNs, rowLastNetns, rowLastNs, rowLength, rowPacket, rowRelation, rowTranslated, rowVerdict,
} from '../../wire/rows.ts'; // biome-ignore format: a list
import { rowFirstTuple } from '../../wire/tuple.ts';
import { VERDICT } from '../packet.ts';
import { NumberList } from './scan.ts';
import { isEcho } from './tuples.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
/** Namespaces that its packets came to, and tuples that they became, at most. */
const PLACES_MAX = 8;
/** Of asking and answering packets, for the round-trip time; the first of a direction. */
const TURNS_MAX = 256;
/** Numbers of one of them in {@link HalfFlow.turns}. */
export const TURN = {
  sequence: 0,
  firstNs: 1,
  lastNs: 2,
  lastNetns: 3,
  verdict: 4,
  asks: 5,
  size: 6,
} as const;

export class HalfFlow {
  readonly netns: number;
  /** Its first row. */
  readonly sample: DataView;
  readonly firstTuple: number;
  readonly places: number[] = [];
  readonly becomes: number[] = [];
  readonly drops = new Map<number, number>();
  readonly copyDrops = new Map<number, number>();
  /** Packets of its own; clones, copies, segments and fragments of them are `copies`, and not counted in the bytes. */
  packets = 0;
  copies = 0;
  bytes = 0;
  dropped = 0;
  retransmissions = 0;
  isTranslated = false;
  firstNs = Number.POSITIVE_INFINITY;
  lastNs = 0;
  newest = 0;
  newestNs = -1;
  ownerPid = 0;
  syns = 0;
  synAcks = 0;
  fins = 0;
  resets = 0;
  #turns: NumberList | undefined;

  constructor(view: DataView, at: number) {
    this.netns = view.getUint32(at + ROW.firstNetns, true);
    this.sample = new DataView(view.buffer.slice(view.byteOffset + at, view.byteOffset + at + ROW_BYTES));
    this.firstTuple = rowFirstTuple(view, at);
  }

  /** Nothing of it was a packet of its own. */
  get isCopy(): boolean {
    return this.packets === 0;
  }

  /** Packets that ask (SYN, echo request) or answer, {@link TURN.size} numbers each. */
  get turns(): Float64Array {
    return this.#turns?.values ?? new Float64Array(0);
  }

  add(view: DataView, at: number): void {
    const firstNs = rowFirstNs(view, at);
    const lastNs = rowLastNs(view, at);
    this.firstNs = Math.min(this.firstNs, firstNs);
    this.lastNs = Math.max(this.lastNs, lastNs);
    if (firstNs > this.newestNs) {
      this.newestNs = firstNs;
      this.newest = rowPacket(view, at);
    }
    note(this.places, rowLastNetns(view, at));
    if (rowTranslated(view, at)) {
      this.isTranslated = true;
      note(this.becomes, view.getUint32(at + ROW.tuple, true));
    }
    const relation = rowRelation(view, at);
    const isOwn = relation === 0 || relation === RELATION.retransmit;
    if (rowVerdict(view, at) === VERDICT.dropped) {
      const reason = view.getUint32(at + ROW.reason, true);
      const drops = isOwn ? this.drops : this.copyDrops;
      if (isOwn) this.dropped += 1;
      drops.set(reason, (drops.get(reason) ?? 0) + 1);
    }
    if (!isOwn) {
      this.copies += 1;
      return;
    }
    this.packets += 1;
    this.bytes += rowLength(view, at);
    if (relation === RELATION.retransmit) this.retransmissions += 1;
    if (this.ownerPid === 0) this.ownerPid = view.getUint32(at + ROW.ownerPid, true);
    const kind = view.getUint8(at + ROW.l4Kind);
    if (kind === L4_KIND.tcp) this.#tcp(view, at);
    else if (isEcho(view, at)) {
      const type = view.getUint8(at + ROW.icmpType);
      this.#turn(view, at, view.getUint16(at + ROW.icmpSeq, true), type === 8 || type === 128);
    }
  }

  #tcp(view: DataView, at: number): void {
    const flags = view.getUint8(at + ROW.tcpFlags);
    if ((flags & FIN) !== 0) this.fins += 1;
    if ((flags & RST) !== 0) this.resets += 1;
    if ((flags & SYN) === 0) return;
    const isAnswer = (flags & ACK) !== 0;
    if (isAnswer) this.synAcks += 1;
    else this.syns += 1;
    this.#turn(view, at, 0, !isAnswer);
  }

  #turn(view: DataView, at: number, sequence: number, asks: boolean): void {
    this.#turns ??= new NumberList(TURN.size);
    if (this.#turns.size >= TURNS_MAX * TURN.size) return;
    this.#turns.push(sequence);
    this.#turns.push(rowFirstNs(view, at));
    this.#turns.push(rowLastNs(view, at));
    this.#turns.push(rowLastNetns(view, at));
    this.#turns.push(rowVerdict(view, at));
    this.#turns.push(asks ? 1 : 0);
  }
}

function note(list: number[], value: number): void {
  if (value !== 0 && list.length < PLACES_MAX && !list.includes(value)) list.push(value);
}
