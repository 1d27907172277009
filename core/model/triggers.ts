/** What a flight recorder waits for: a packet that is dropped, slow, on a new way, reset, sent again, or there twice. */

import type { TriggerChoice } from '../messages/freezing.ts';
import { RecordCursor } from '../wire/cursor.ts';
import { HOP, KIND, RELATION } from '../wire/layout.gen.ts';
import {
  ROW, ROW_BYTES, rowFirstNs, rowLastNs, rowPacket, rowParent, rowReason, rowRelation, rowVerdict,
} from '../wire/rows.ts'; // biome-ignore format: a list
import type { SessionAssembler } from './assembler.ts';
import { formatDuration } from './format.ts';
import type { NameBook } from './names.ts';
import { VERDICT } from './packet.ts';
import { isNumbered } from './path-table.ts';

export interface Trigger {
  readonly packet: number;
  /** Of the packet's newest event. */
  readonly timeNs: number;
  /** `dropped NETFILTER_DROP`, `took 12.1 ms`: after "packet 12". */
  readonly why: string;
}

const ROWS_AT_ONCE = 4096;
/** Packets that were told; the oldest are forgotten. */
const TOLD_MAX = 1 << 16;
const RST = 4;

export class TriggerWatch {
  readonly #choice: TriggerChoice;
  readonly #names: NameBook;
  readonly #learnNs: number;
  readonly #assembler: SessionAssembler;
  readonly #told = new Set<number>();
  readonly #paths = new Set<number>();
  readonly #deliveries: Deliveries;
  #version: number;
  #session: number;
  #beganNs = 0;

  /**
   * What the assembler is given from now on is looked at, once it has been taken in. `names` learns as the source tells;
   * paths of the first `learnNs` are known ones.
   */
  constructor(choice: TriggerChoice, names: NameBook, learnNs: number, assembler: SessionAssembler) {
    this.#choice = choice;
    this.#names = names;
    this.#learnNs = learnNs;
    this.#assembler = assembler;
    this.#version = assembler.version;
    this.#session = assembler.session;
    this.#deliveries = new Deliveries(assembler, names);
  }

  /** Whole records, which the assembler was given last. The first of their packets that was waited for. */
  look(records: Uint8Array): Trigger | undefined {
    if (this.#session !== this.#assembler.session) this.#begin();
    if (this.#beganNs === 0) this.#beganNs = this.#assembler.newestNs;
    let first = this.#choice.duplicates ? this.#deliveries.take(records) : undefined;
    for (let more = true; more; ) {
      const batch = this.#assembler.changedSince(this.#version, ROWS_AT_ONCE);
      this.#version = batch.version;
      more = batch.more;
      const view = new DataView(batch.rows.buffer);
      for (let at = 0; at < batch.rows.byteLength; at += ROW_BYTES) {
        const found = this.#look(view, at);
        first ??= found;
      }
    }
    return first;
  }

  #begin(): void {
    this.#session = this.#assembler.session;
    this.#version = 0;
    this.#beganNs = 0;
    this.#told.clear();
    this.#paths.clear();
    this.#deliveries.clear();
  }

  #look(view: DataView, at: number): Trigger | undefined {
    const packet = rowPacket(view, at);
    // of every packet, so that its path is known from then on
    const why = this.#whyOf(view, at);
    if (why === '' || this.#told.has(packet)) return undefined;
    if (this.#told.size >= TOLD_MAX) {
      const [oldest] = this.#told;
      if (oldest !== undefined) this.#told.delete(oldest);
    }
    this.#told.add(packet);
    return { packet, timeNs: rowLastNs(view, at), why };
  }

  #whyOf(view: DataView, at: number): string {
    const { drops, slowNs, newPaths, resets, retransmits } = this.#choice;
    const isNew = newPaths && this.#isNewPath(view, at);
    if (drops !== null && rowVerdict(view, at) === VERDICT.dropped) {
      const reason = this.#names.reasonName(rowReason(view, at));
      if (drops.length === 0 || drops.includes(reason)) return `dropped ${reason}`;
    }
    const lived = rowLastNs(view, at) - rowFirstNs(view, at);
    if (slowNs !== null && lived > slowNs) return `took ${formatDuration(lived)}`;
    if (resets && (view.getUint8(at + ROW.tcpFlags) & RST) !== 0) return 'TCP RST';
    if (retransmits && rowRelation(view, at) === RELATION.retransmit) return 'a retransmission';
    return isNew ? 'a new path' : '';
  }

  /** When it has ended: until then it is on its way along another. */
  #isNewPath(view: DataView, at: number): boolean {
    if (rowVerdict(view, at) === VERDICT.inFlight) return false;
    const path = this.#assembler.pathOf(rowPacket(view, at));
    if (!isNumbered(path) || this.#paths.has(path)) return false;
    this.#paths.add(path);
    return rowLastNs(view, at) - this.#beganNs > this.#learnNs;
  }
}

/** What hands a datagram to a socket: of these a packet passes one or more. */
const TAKES_DATAGRAM = /^(udp_queue_rcv_one_skb|udpv6_queue_rcv_one_skb|__udp_enqueue_schedule_skb)$/;
/** A copy of all of it. */
const COPIES: ReadonlySet<number> = new Set([RELATION.clone, RELATION.copy]);
/** Copies of copies; no network has more. */
const DEPTH_MAX = 16;
const DELIVERIES_MAX = 1 << 16;

/** Finds datagrams of which two copies are given to sockets. What is for many (broadcast, multicast) is meant to be copied. */
class Deliveries {
  readonly #assembler: SessionAssembler;
  readonly #names: NameBook;
  readonly #cursor = new RecordCursor();
  /** By the packet that all copies came out of: the first that was given to a socket. Oldest first. */
  readonly #given = new Map<number, number>();
  #takes: ReadonlySet<number> = new Set();
  #functions = -1;

  constructor(assembler: SessionAssembler, names: NameBook) {
    this.#assembler = assembler;
    this.#names = names;
  }

  clear(): void {
    this.#given.clear();
  }

  /** The first second copy among these records, which the assembler has. */
  take(records: Uint8Array): Trigger | undefined {
    this.#learn();
    let first: Trigger | undefined;
    const cursor = this.#cursor;
    cursor.reset(records);
    while (cursor.next()) {
      if (cursor.kind !== KIND.hop || !this.#takes.has(cursor.u32(HOP.func))) continue;
      if (this.#isSecond(cursor.packet))
        first ??= {
          packet: cursor.packet,
          timeNs: cursor.timeNs,
          why: 'a duplicate of what a socket had already',
        };
    }
    return first;
  }

  #learn(): void {
    const { functions } = this.#names;
    if (functions.size === this.#functions) return;
    this.#functions = functions.size;
    this.#takes = new Set(
      [...functions.values()].filter(({ name }) => TAKES_DATAGRAM.test(name)).map(({ id }) => id),
    );
  }

  #isSecond(packet: number): boolean {
    const { rowView } = this.#assembler;
    const at = this.#assembler.rowAt(packet);
    if (at < 0 || isForMany(rowView, at)) return false;
    const origin = this.#originOf(packet);
    const given = this.#given.get(origin);
    if (given !== undefined) return given !== packet;
    if (this.#given.size >= DELIVERIES_MAX) {
      const [oldest] = this.#given.keys();
      if (oldest !== undefined) this.#given.delete(oldest);
    }
    this.#given.set(origin, packet);
    return false;
  }

  /** The packet that it is a copy of, or itself. */
  #originOf(packet: number): number {
    const { rowView } = this.#assembler;
    let origin = packet;
    for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
      const at = this.#assembler.rowAt(origin);
      if (at < 0 || !COPIES.has(rowRelation(rowView, at))) return origin;
      origin = rowParent(rowView, at);
    }
    return origin;
  }
}

/** Multicast, 255.255.255.255, and what is most likely a network's broadcast address. */
function isForMany(view: DataView, at: number): boolean {
  const first = view.getUint8(at + ROW.daddr);
  if (view.getUint8(at + ROW.ipVersion) === 6) return first === 0xff;
  return first >= 224 || view.getUint8(at + ROW.daddr + 3) === 0xff;
}
