import { asNs, type Ns } from '../base/units.ts';
import type { NameTables, SymbolInfo } from '../messages/browser.ts';
import { RecordCursor } from '../wire/cursor.ts';
import {
  DECISION,
  DECISION_KIND,
  DROP,
  ETH,
  FLAG,
  HOP,
  IP,
  KIND,
  L4,
  LIMITS,
  LINEAGE,
  META,
  OWNER,
  SECTION,
} from '../wire/layout.gen.ts';
import { ROW, ROW_BIT, ROW_BYTES, readRow, setRowRelation } from '../wire/rows.ts';
import { addressHash, transportHash, tupleHash } from '../wire/tuple.ts';
import { ConnectionLog, OwnerTable } from './connection-log.ts';
import type { SessionCounters } from './counters.ts';
import { GapCounter } from './gaps.ts';
import type { StackTrace } from './hop.ts';
import { type PacketRow, VERDICT } from './packet.ts';
import type { PathTable } from './path-table.ts';
import { readStack, readSymbol } from './reader.ts';
import { RecordStore } from './record-store.ts';
import { RowPaths } from './row-paths.ts';
import { RowTable } from './row-table.ts';
import { playRole, ROLE, roleOf, verdictOf } from './verdict.ts';

export interface RowBatch {
  /** Packed rows, oldest change first; see core/wire/rows.ts. */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** To be passed back for what changes after these. */
  readonly version: number;
  /** Whether there are changed rows that did not fit. */
  readonly more: boolean;
}

export interface AssemblerOptions {
  /** Bytes of raw records kept for paths; the oldest give way. */
  readonly budgetBytes?: number;
  /** Packets whose rows are kept; the oldest give way. */
  readonly maxPackets?: number;
}

/** A power of two, as many as a page lists. */
const PACKETS_MAX = 1 << 20;
const NO_SOCKET = 'NO_SOCKET';
const NO_PACKET = -1;
const SYMBOLS_MAX = 65_536;
/** No kernel-side stack table is larger. */
const STACKS_MAX = 65_536;

/**
 * One session: takes in batches as they come and keeps the newest packets' rows and raw records, all in typed
 * arrays, no object per event. Everything is bounded; what gives way is counted.
 *
 * A record of a newer generation begins a new session by itself (settings were exchanged on the running capture);
 * stragglers of an older one are passed over.
 */
export class SessionAssembler {
  readonly #cursor = new RecordCursor();
  readonly #gaps = new GapCounter();
  readonly #store: RecordStore;
  readonly #rows: RowTable;
  /** By slot: number of the packet's last record, roles played, whether a raw socket got a clone. */
  readonly #last: Float64Array;
  readonly #first: Float64Array;
  readonly #played: Uint8Array;
  readonly #handedOver: Uint8Array;
  /** By slot: hashes of the addresses, and of protocol and ports, that it had last. */
  readonly #addressesNow: Uint32Array;
  readonly #transportNow: Uint32Array;
  readonly #symbols = new Map<string, SymbolInfo>();
  readonly #stacks = new Map<number, StackTrace>();
  readonly #paths: RowPaths;
  readonly #connections = new ConnectionLog();
  readonly #owners = new OwnerTable();
  #roles = new Uint8Array(0);
  #rawReceivers = new Set<number>();
  #noSocket = -1;
  #generation = 0;
  #session = 0;
  #packets = 0;
  #hops = 0;
  /** By function id. */
  #hopsAt = new Float64Array(0);
  #malformedBefore = 0;
  #newestNs = 0;

  constructor(options: AssemblerOptions = {}) {
    const { budgetBytes = 128 << 20, maxPackets = PACKETS_MAX } = options;
    this.#store = new RecordStore(budgetBytes);
    this.#rows = new RowTable(maxPackets);
    this.#last = new Float64Array(maxPackets);
    this.#first = new Float64Array(maxPackets);
    this.#played = new Uint8Array(maxPackets);
    this.#handedOver = new Uint8Array(maxPackets);
    this.#paths = new RowPaths(maxPackets);
    this.#addressesNow = new Uint32Array(maxPackets);
    this.#transportNow = new Uint32Array(maxPackets);
  }

  /** Counts sessions: rows and packet ids of one have nothing to do with those of another. */
  get session(): number {
    return this.#session;
  }

  /** Names of drop locations, as records gave them; kept from session to session. */
  get symbols(): readonly SymbolInfo[] {
    return [...this.#symbols.values()];
  }

  /** What the stack ids of this capture stand for. */
  get stacks(): ReadonlyMap<number, StackTrace> {
    return this.#stacks;
  }

  /** Of the newest row; see {@link rowsSince}. */
  get version(): number {
    return this.#rows.version;
  }

  /** Time of the newest hop of this session, 0 without one. */
  get newestNs(): Ns {
    return asNs(this.#newestNs);
  }

  /** What happened to TCP connections, when the capture asks for it. */
  get connections(): ConnectionLog {
    return this.#connections;
  }

  /** Who sent packets from this host. */
  get owners(): OwnerTable {
    return this.#owners;
  }

  /** Distinct paths that rows, or an analysis, were found to be on. */
  get paths(): PathTable {
    return this.#paths.table;
  }

  get symbolCount(): number {
    return this.#symbols.size;
  }

  /** Functions and drop reasons of the source: what verdicts are told by. */
  takeNames(tables: NameTables): void {
    if (tables.functions !== undefined) {
      this.#roles = new Uint8Array(tables.functions.reduce((max, { id }) => Math.max(max, id), 0) + 1);
      this.#hopsAt = new Float64Array(this.#roles.length);
      for (const { id, name } of tables.functions) this.#roles[id] = roleOf(name);
      this.#rawReceivers = new Set(
        tables.functions.filter(({ name }) => /^raw(v6)?_rcv$/.test(name)).map((f) => f.id),
      );
    }
    if (tables.reasons !== undefined)
      this.#noSocket = tables.reasons.find(({ name }) => name === NO_SOCKET)?.value ?? -1;
  }

  /** A capture begins on the kernel side anew: all counts from the start. */
  restart(): void {
    this.#stacks.clear();
    this.#gaps.restart();
    this.#generation = 0;
    this.#begin();
  }

  /** Takes in whole records and keeps the buffer. */
  take(batch: Uint8Array): void {
    const cursor = this.#cursor;
    const malformed = cursor.malformed;
    this.#store.addBatch(batch);
    cursor.reset(batch);
    while (cursor.next()) {
      if (cursor.isName) {
        if (cursor.kind === KIND.symbol) this.#symbol();
        else this.#stack();
        continue;
      }
      this.#gaps.saw(cursor.cpu, cursor.seq);
      if (cursor.generation !== this.#generation && !this.#isNewer(batch)) continue;
      if (cursor.kind === KIND.free) this.#free();
      else if (cursor.kind === KIND.lineage) this.#lineage();
      else if (cursor.kind === KIND.decision) this.#decision();
      else if (cursor.kind === KIND.socket) this.#connections.take(cursor);
      else this.#hop();
    }
    this.#malformedBefore += cursor.malformed - malformed;
  }

  /**
   * Up to `max` rows that changed after `version` (0: all), in the order of their changes. Which path each took is read
   * now: of a packet that nobody looks at, never.
   */
  rowsSince(version: number, max: number): RowBatch {
    const batch = this.#rows.since(version, max);
    this.#complete(batch.rows);
    return batch;
  }

  /** What is known of a packet; undefined when it is not, or no longer, kept. */
  row(packet: number): PacketRow | undefined {
    const slot = this.#rows.find(packet);
    return slot < 0 ? undefined : readRow(this.#rows.view, slot * ROW_BYTES);
  }

  /** Every record kept of a packet, lineage that names it included, oldest first; undefined when it is not known. */
  pathRecords(packet: number): Uint8Array<ArrayBuffer> | undefined {
    const slot = this.#rows.find(packet);
    if (slot < 0) return undefined;
    const places = [...this.#store.chain(this.#last[slot] ?? NO_PACKET)]
      .reverse()
      .map((n) => this.#store.locate(n));
    const sizes = places.map((place) =>
      place ? (place.bytes[place.offset] ?? 0) | ((place.bytes[place.offset + 1] ?? 0) << 8) : 0,
    );
    const records = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    let end = 0;
    for (const [i, place] of places.entries()) {
      const size = sizes[i] ?? 0;
      if (place) records.set(place.bytes.subarray(place.offset, place.offset + size), end);
      end += size;
    }
    return records;
  }

  /** Packets kept. */
  get size(): number {
    return this.#rows.size;
  }

  /** Ids of the packets that came last, newest first. */
  newest(max: number): Float64Array<ArrayBuffer> {
    return this.#rows.newest(max);
  }

  /** All packed rows as they are kept, for reading single fields of one; see {@link rowAt}. */
  get rowView(): DataView {
    return this.#rows.view;
  }

  /** Where a packet's row starts in {@link rowView}, -1 when it is not, or no longer, kept. */
  rowAt(packet: number): number {
    const slot = this.#rows.find(packet);
    return slot < 0 ? -1 : slot * ROW_BYTES;
  }

  /** The packet's first records are no longer kept. */
  isTruncated(packet: number): boolean {
    const slot = this.#rows.find(packet);
    return slot >= 0 && (this.#first[slot] ?? 0) < this.#store.oldest;
  }

  /**
   * Puts a cursor on every record kept of a packet (lineage that names it included), newest first, without an object
   * for each.
   */
  walk(packet: number, cursor: RecordCursor, visit: () => void): void {
    const slot = this.#rows.find(packet);
    if (slot >= 0) this.#store.walk(this.#last[slot] ?? NO_PACKET, cursor, visit);
  }

  /** Hops of this session by function id, as long as the list of functions; a copy. */
  get hopsAt(): Float64Array<ArrayBuffer> {
    return this.#hopsAt.slice();
  }

  get counters(): SessionCounters {
    return {
      packets: this.#packets,
      hops: this.#hops,
      missing: this.#gaps.missing,
      malformed: this.#malformedBefore,
      evicted: this.#rows.evicted,
      unnumbered: this.#paths.unnumbered,
      bytes: this.#store.bytes,
      budgetBytes: this.#store.budgetBytes,
    };
  }

  #isNewer(batch: Uint8Array): boolean {
    const { generation } = this.#cursor;
    if (generation < this.#generation) return false;
    const isFirst = this.#generation === 0;
    this.#generation = generation;
    if (isFirst) return true;
    this.#gaps.forgive();
    this.#begin();
    this.#store.addBatch(batch);
    return true;
  }

  #begin(): void {
    this.#session += 1;
    this.#store.clear();
    this.#rows.clear();
    this.#connections.clear();
    this.#owners.clear();
    this.#paths.clear();
    this.#packets = 0;
    this.#hops = 0;
    this.#hopsAt.fill(0);
    this.#malformedBefore = 0;
    this.#newestNs = 0;
  }

  /** Slot of the current record's packet, made when it is new; the record is chained to it. */
  #slot(packet: number): number {
    let slot = this.#rows.find(packet);
    if (slot < 0) {
      slot = this.#rows.add(packet);
      this.#packets += 1;
      this.#last[slot] = NO_PACKET;
      this.#paths.begin(slot);
      this.#played[slot] = 0;
      this.#handedOver[slot] = 0;
      this.#addressesNow[slot] = 0;
      this.#transportNow[slot] = 0;
      const at = slot * ROW_BYTES;
      this.#rows.view.setFloat64(at + ROW.packet, packet, true);
      this.#rows.view.setFloat64(at + ROW.firstNs, this.#cursor.timeNs, true);
      this.#first[slot] = this.#store.next;
    } else this.#rows.touch(slot);
    this.#chain(slot);
    return slot;
  }

  #chain(slot: number): void {
    this.#last[slot] = this.#store.addRecord(this.#cursor.offset, this.#last[slot] ?? NO_PACKET);
  }

  #hop(): void {
    const cursor = this.#cursor;
    const slot = this.#slot(cursor.packet);
    const { view } = this.#rows;
    const at = slot * ROW_BYTES;
    const hops = view.getUint32(at + ROW.hops, true);
    const netns = cursor.u32(HOP.netns);
    const ifindex = cursor.u32(HOP.ifindex);
    this.#hops += 1;
    view.setUint32(at + ROW.hops, hops + 1, true);
    const { timeNs } = cursor;
    if (timeNs > this.#newestNs) this.#newestNs = timeNs;
    view.setFloat64(at + ROW.lastNs, Math.max(timeNs, view.getFloat64(at + ROW.lastNs, true)), true);
    if (netns !== 0) {
      if (view.getUint32(at + ROW.firstNetns, true) === 0) view.setUint32(at + ROW.firstNetns, netns, true);
      view.setUint32(at + ROW.lastNetns, netns, true);
    }
    if (ifindex !== 0) {
      if (view.getUint32(at + ROW.firstIfindex, true) === 0)
        view.setUint32(at + ROW.firstIfindex, ifindex, true);
      view.setUint32(at + ROW.lastIfindex, ifindex, true);
    }
    if (cursor.sections !== 0) {
      this.#headers(at);
      this.#tuple(slot, at);
      if (hops === 0) this.#owner(at);
    }
    if (cursor.kind === KIND.drop) {
      this.#drop(slot, at);
      return;
    }
    const func = cursor.u32(HOP.func);
    view.setUint32(at + ROW.lastFunc, func, true);
    if (func < this.#hopsAt.length) this.#hopsAt[func] = (this.#hopsAt[func] ?? 0) + 1;
    this.#played[slot] = playRole(this.#played[slot] ?? 0, this.#roles[func] ?? ROLE.none);
    if (this.#rawReceivers.has(func)) this.#handOver(view.getFloat64(at + ROW.parent, true));
  }

  /** Of decisions only a refusal in silence changes a row. */
  #decision(): void {
    const cursor = this.#cursor;
    const slot = this.#slot(cursor.packet);
    const kind = cursor.view.getUint16(cursor.offset + DECISION.decision, true);
    const isFull = kind === DECISION_KIND.accept && cursor.u32(DECISION.used) > cursor.u32(DECISION.limit);
    if (isFull) this.#played[slot] = (this.#played[slot] ?? 0) | ROLE.refused;
  }

  #drop(slot: number, at: number): void {
    const { view } = this.#rows;
    const cursor = this.#cursor;
    const drop = cursor.section(SECTION.drop);
    const reason = cursor.view.getUint32(drop + DROP.reason, true);
    view.setUint32(at + ROW.reason, reason, true);
    view.setUint32(at + ROW.locationLow, cursor.view.getUint32(drop + DROP.location, true), true);
    view.setUint32(at + ROW.locationHigh, cursor.view.getUint32(drop + DROP.location + 4, true), true);
    const handedOver = this.#handedOver[slot] === 1 && reason === this.#noSocket;
    const verdict = verdictOf(false, true, handedOver, this.#played[slot] ?? 0);
    view.setUint8(at + ROW.verdict, verdict);
  }

  /** A raw socket gets a clone of this packet. */
  #handOver(parent: number): void {
    const slot = parent === 0 ? NO_PACKET : this.#rows.find(parent);
    if (slot >= 0) this.#handedOver[slot] = 1;
  }

  #headers(at: number): void {
    const { view } = this.#rows;
    const cursor = this.#cursor;
    const from = cursor.view;
    const meta = cursor.section(SECTION.meta);
    const eth = cursor.section(SECTION.eth);
    const ip = cursor.section(SECTION.ip);
    const l4 = cursor.section(SECTION.l4);
    if (meta >= 0 && view.getUint32(at + ROW.length, true) === 0)
      view.setUint32(at + ROW.length, from.getUint32(meta + META.len, true), true);
    if (meta >= 0 && from.getUint16(meta + META.protocol, true) !== 0)
      view.setUint16(at + ROW.protocol, from.getUint16(meta + META.protocol, true), true);
    else if (eth >= 0 && view.getUint16(at + ROW.protocol, true) === 0)
      view.setUint16(at + ROW.protocol, from.getUint16(eth + ETH.type, true), true);
    if (ip >= 0) {
      this.#addresses(at, ip);
      this.#length(at, from.getUint16(ip + IP.length, true));
    }
    if (l4 >= 0) this.#transport(at, l4);
  }

  /** What the packet is now, as far as this record says it anew. */
  #tuple(slot: number, at: number): void {
    const cursor = this.#cursor;
    const from = cursor.view;
    const ip = cursor.section(SECTION.ip);
    const l4 = cursor.section(SECTION.l4);
    if (ip < 0 && l4 < 0) return;
    if (ip >= 0) this.#addressesNow[slot] = addressHash(from, ip + IP.saddr);
    if (l4 >= 0)
      this.#transportNow[slot] = transportHash({
        kind: from.getUint8(l4 + L4.kind),
        sport: from.getUint16(l4 + L4.sport, true),
        dport: from.getUint16(l4 + L4.dport, true),
        icmpType: from.getUint8(l4 + L4.icmpType),
        icmpId: from.getUint16(l4 + L4.icmpId, true),
      });
    const tuple = tupleHash(this.#addressesNow[slot] ?? 0, this.#transportNow[slot] ?? 0);
    this.#rows.view.setUint32(at + ROW.tuple, tuple, true);
  }

  /** At first sight only: a packet that came in gets the owner of the socket that takes it later. */
  #owner(at: number): void {
    const owner = this.#cursor.section(SECTION.owner);
    if (owner < 0) return;
    const pid = this.#cursor.view.getUint32(owner + OWNER.pid, true);
    if (pid === 0) return;
    this.#rows.view.setUint32(at + ROW.ownerPid, pid, true);
    this.#owners.saw(
      pid,
      this.#cursor.u64At(owner + OWNER.cgroup),
      this.#cursor.textAt(owner + OWNER.comm, LIMITS.commLen),
    );
  }

  /** The first addresses are the row's; others later mean that they were translated. */
  #addresses(at: number, ip: number): void {
    const { view } = this.#rows;
    const from = this.#cursor.view;
    if (isZero(view, at + ROW.saddr) && isZero(view, at + ROW.daddr)) {
      for (let i = 0; i < 32; i += 1) view.setUint8(at + ROW.saddr + i, from.getUint8(ip + IP.saddr + i));
      view.setUint8(at + ROW.ipVersion, from.getUint8(ip + IP.version));
      view.setUint8(at + ROW.ipProtocol, from.getUint8(ip + IP.protocol));
      return;
    }
    for (let i = 0; i < 32; i += 4)
      if (view.getUint32(at + ROW.saddr + i, true) !== from.getUint32(ip + IP.saddr + i, true)) {
        this.#setBit(at, ROW_BIT.translated);
        return;
      }
  }

  /** The IP header's, which is written after the packet is first seen on its way out. */
  #length(at: number, length: number): void {
    const { view } = this.#rows;
    if (length === 0 || (view.getUint8(at + ROW.bits) & ROW_BIT.ipLength) !== 0) return;
    view.setUint32(at + ROW.length, length, true);
    this.#setBit(at, ROW_BIT.ipLength);
  }

  #transport(at: number, l4: number): void {
    const { view } = this.#rows;
    const from = this.#cursor.view;
    const sport = from.getUint16(l4 + L4.sport, true);
    const dport = from.getUint16(l4 + L4.dport, true);
    const isFilled = view.getUint16(at + ROW.sport, true) !== 0 || view.getUint16(at + ROW.dport, true) !== 0;
    // a datagram is first seen before its header is written
    if (view.getUint8(at + ROW.l4Kind) !== 0 && (isFilled || (sport === 0 && dport === 0))) {
      const isSame =
        view.getUint16(at + ROW.sport, true) === sport && view.getUint16(at + ROW.dport, true) === dport;
      if (!isSame) this.#setBit(at, ROW_BIT.translated);
      return;
    }
    view.setUint16(at + ROW.sport, sport, true);
    view.setUint16(at + ROW.dport, dport, true);
    view.setUint8(at + ROW.l4Kind, from.getUint8(l4 + L4.kind));
    view.setUint8(at + ROW.tcpFlags, from.getUint8(l4 + L4.tcpFlags));
    view.setUint8(at + ROW.icmpType, from.getUint8(l4 + L4.icmpType));
    view.setUint8(at + ROW.icmpCode, from.getUint8(l4 + L4.icmpCode));
    view.setUint16(at + ROW.icmpId, from.getUint16(l4 + L4.icmpId, true), true);
    view.setUint16(at + ROW.icmpSeq, from.getUint16(l4 + L4.icmpSeq, true), true);
    view.setUint16(at + ROW.arpOp, from.getUint16(l4 + L4.arpOp, true), true);
  }

  #free(): void {
    const slot = this.#slot(this.#cursor.packet);
    const { view } = this.#rows;
    const at = slot * ROW_BYTES;
    if (view.getUint8(at + ROW.verdict) !== VERDICT.inFlight) return;
    // the kernel said dropped, but the record that said why was lost
    const dropped = (this.#cursor.flags & FLAG.dropped) !== 0;
    view.setUint8(at + ROW.verdict, verdictOf(true, dropped, false, this.#played[slot] ?? 0));
  }

  #lineage(): void {
    const { parent, packet } = this.#cursor;
    const slot = this.#slot(packet);
    if (parent === packet) return;
    setRowRelation(this.#rows.view, slot * ROW_BYTES, this.#cursor.u32(LINEAGE.relation));
    this.#rows.view.setFloat64(slot * ROW_BYTES + ROW.parent, parent, true);
    const parentSlot = this.#rows.find(parent);
    if (parentSlot < 0) return;
    // the row says nothing of it, but the path does
    this.#chain(parentSlot);
    this.#rows.touch(parentSlot);
  }

  #symbol(): void {
    if (this.#symbols.size >= SYMBOLS_MAX) return;
    const symbol = readSymbol(this.#cursor);
    this.#symbols.set(symbol.address, symbol);
  }

  #stack(): void {
    if (this.#stacks.size >= STACKS_MAX) return;
    const stack = readStack(this.#cursor);
    this.#stacks.set(stack.id, stack);
  }

  #setBit(at: number, bit: number): void {
    this.#rows.view.setUint8(at + ROW.bits, this.#rows.view.getUint8(at + ROW.bits) | bit);
  }

  /** What is known of these copied rows only now: their paths, and which have lost their first records meanwhile. */
  #complete(rows: Uint8Array<ArrayBuffer>): void {
    const view = new DataView(rows.buffer);
    for (let at = 0; at < rows.byteLength; at += ROW_BYTES) {
      const packet = view.getFloat64(at + ROW.packet, true);
      const slot = this.#rows.find(packet);
      if (slot < 0) continue;
      const isCut = (this.#first[slot] ?? 0) < this.#store.oldest;
      if (isCut) view.setUint8(at + ROW.bits, view.getUint8(at + ROW.bits) | ROW_BIT.truncated);
      const last = this.#last[slot] ?? NO_PACKET;
      view.setUint32(at + ROW.path, this.#paths.of(packet, slot, last, isCut, this), true);
    }
  }
}

function isZero(view: DataView, at: number): boolean {
  for (let i = 0; i < 16; i += 4) if (view.getUint32(at + i) !== 0) return false;
  return true;
}
