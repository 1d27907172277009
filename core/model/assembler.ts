import { asNetnsInode, asNs, type Ns } from '../base/units.ts';
import type { NameTables, SymbolInfo } from '../messages/browser.ts';
import { RecordCursor } from '../wire/cursor.ts';
import {
  DECISION,
  DECISION_KIND,
  DROP,
  FLAG,
  HOP,
  KIND,
  LIMITS,
  LINEAGE,
  OWNER,
  SECTION,
} from '../wire/layout.gen.ts';
import { ROW, ROW_BYTES, setRowRelation } from '../wire/rows.ts';
import { CaptureNames } from './assembler/capture-names.ts';
import { KeptPackets, type RowBatch } from './assembler/kept-packets.ts';
import { Outcomes } from './assembler/outcomes.ts';
import { writeHeaders, writeVisit } from './assembler/row-fields.ts';
import { Tuples } from './assembler/tuples.ts';
import { ConnectionLog, OwnerTable } from './connection-log.ts';
import type { SessionCounters } from './counters.ts';
import { GapCounter } from './gaps.ts';
import type { StackTrace } from './hop.ts';
import type { NameBook } from './names.ts';
import { type PacketRow, VERDICT, type Verdict } from './packet.ts';
import type { PathTable } from './path-table.ts';
import { Tally, type Totals } from './tally.ts';

export type { RowBatch } from './assembler/kept-packets.ts';

export interface AssemblerOptions {
  /** Bytes of raw records kept for paths; the oldest give way. */
  readonly budgetBytes?: number;
  /** Packets whose rows are kept; the oldest give way. */
  readonly maxPackets?: number;
}

/** Packets of a session whose rows are kept at most: a power of two, as many as a page lists. */
export const SESSION_PACKETS_MAX = 1 << 20;

/**
 * One session: takes in batches as they come and keeps the newest packets' rows and raw records, all in typed
 * arrays, no object per event. Everything is bounded; what gives way is counted.
 *
 * A record of a newer generation begins a new session by itself (settings were exchanged on the running capture);
 * stragglers of an older one are passed over.
 *
 * Here a record is told apart by its kind; what is kept of it, and what it means, is in the modules of `assembler/`.
 */
export class SessionAssembler {
  readonly #cursor = new RecordCursor();
  readonly #gaps = new GapCounter();
  readonly #kept: KeptPackets;
  readonly #outcomes: Outcomes;
  readonly #tuples: Tuples;
  readonly #names = new CaptureNames();
  readonly #connections = new ConnectionLog();
  readonly #owners = new OwnerTable();
  readonly #tally = new Tally();
  #functionsTaken: unknown;
  #generation = 0;
  #session = 0;
  #packets = 0;
  #hops = 0;
  /** By function id. */
  #hopsAt = new Float64Array(0);
  #malformedBefore = 0;
  #newestNs = 0;
  /** A packet whose TAIL record was the last one, and where that is: what was kept of the packet follows. */
  #tailOf = 0;
  #tailAt = 0;

  constructor({ budgetBytes = 128 << 20, maxPackets = SESSION_PACKETS_MAX }: AssemblerOptions = {}) {
    this.#kept = new KeptPackets(budgetBytes, maxPackets);
    this.#outcomes = new Outcomes(maxPackets);
    this.#tuples = new Tuples(maxPackets);
  }

  /** Counts sessions: rows and packet ids of one have nothing to do with those of another. */
  get session(): number {
    return this.#session;
  }

  /** Names of drop locations, as records gave them; kept from session to session. */
  get symbols(): readonly SymbolInfo[] {
    return this.#names.symbols;
  }

  get symbolCount(): number {
    return this.#names.symbolCount;
  }

  /** What the stack ids of this capture stand for. */
  get stacks(): ReadonlyMap<number, StackTrace> {
    return this.#names.stacks;
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

  /** Hops of this session by function id, as long as the list of functions; a copy. */
  get hopsAt(): Float64Array<ArrayBuffer> {
    return this.#hopsAt.slice();
  }

  /** Everything that records named, as records; what of it a batch had that was let go is here still. */
  get nameRecords(): Uint8Array<ArrayBuffer> {
    return this.#names.records;
  }

  /** Batches as they came, as far as they are kept; see {@link RecordStore.batchFrom}. */
  batchFrom(position: number): { readonly bytes: Uint8Array; readonly next: number } | undefined {
    return this.#kept.batchFrom(position);
  }

  /** From where {@link batchFrom} has everything since this time (ns). */
  positionSince(timeNs: number): number {
    return this.#kept.positionSince(timeNs, this.#cursor);
  }

  /** Of all sessions together. */
  get totals(): Totals {
    return this.#tally.totals;
  }

  get counters(): SessionCounters {
    return {
      packets: this.#packets,
      hops: this.#hops,
      missing: this.#gaps.missing,
      malformed: this.#malformedBefore,
      evicted: this.#kept.evicted,
      unnumbered: this.#kept.unnumbered,
      bytes: this.#kept.bytes,
      budgetBytes: this.#kept.budgetBytes,
    };
  }

  /** Distinct paths that rows, or an analysis, were found to be on. */
  get paths(): PathTable {
    return this.#kept.paths;
  }

  /** Packets kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** Of the newest row; see {@link rowsSince}. */
  get version(): number {
    return this.#kept.version;
  }

  /**
   * Up to `max` rows that changed after `version` (0: all), in the order of their changes. Which path each took is read
   * now: of a packet that nobody looks at, never.
   */
  rowsSince(version: number, max: number): RowBatch {
    return this.#kept.rowsSince(version, max);
  }

  /** The same without what rows say of paths, which costs reading them. */
  changedSince(version: number, max: number): RowBatch {
    return this.#kept.changedSince(version, max);
  }

  /** What is known of a packet; undefined when it is not, or no longer, kept. */
  row(packet: number): PacketRow | undefined {
    return this.#kept.row(packet);
  }

  /** Number of the path that a packet took until now, as its row has it; PATH_UNKNOWN when its first records are gone. */
  pathOf(packet: number): number {
    return this.#kept.pathOf(packet);
  }

  /** Ids of the packets that came last, newest first. */
  newest(max: number): Float64Array<ArrayBuffer> {
    return this.#kept.newest(max);
  }

  /** All packed rows as they are kept, for reading single fields of one; see {@link rowAt}. */
  get rowView(): DataView {
    return this.#kept.view;
  }

  /** Where a packet's row starts in {@link rowView}, -1 when it is not, or no longer, kept. */
  rowAt(packet: number): number {
    const slot = this.#kept.find(packet);
    return slot < 0 ? -1 : slot * ROW_BYTES;
  }

  /** Every record kept of a packet, lineage that names it included, oldest first; undefined when it is not known. */
  pathRecords(packet: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#kept.records(packet);
  }

  /** The packet's first records are no longer kept. */
  isTruncated(packet: number): boolean {
    return this.#kept.isTruncated(packet);
  }

  /**
   * Puts a cursor on every record kept of a packet (lineage that names it included), newest first, without an object
   * for each.
   */
  walk(packet: number, cursor: RecordCursor, visit: () => void): void {
    this.#kept.walk(packet, cursor, visit);
  }

  /** Functions and drop reasons of the source: what verdicts are told by. */
  takeNames(tables: NameTables): void {
    this.#outcomes.takeNames(tables);
    if (tables.functions === undefined) return;
    const before = this.#hopsAt;
    const size = tables.functions.reduce((max, { id }) => Math.max(max, id), 0) + 1;
    this.#hopsAt = new Float64Array(Math.max(size, before.length));
    this.#hopsAt.set(before); // an id stays with its function
  }

  /** The same of a book that goes on to learn: once more whenever its functions are others. */
  takeNamesOf({ functions, reasons }: Pick<NameBook, 'functions' | 'reasons'>): void {
    if (functions === this.#functionsTaken) return;
    this.#functionsTaken = functions;
    this.takeNames({ functions: [...functions.values()], reasons: [...reasons] });
  }

  /** A capture begins on the kernel side anew: all counts from the start. */
  restart(): void {
    this.#names.restart();
    this.#gaps.restart();
    this.#generation = 0;
    this.#begin();
  }

  /** Takes in whole records and keeps the buffer. */
  take(batch: Uint8Array): void {
    const cursor = this.#cursor;
    const malformed = cursor.malformed;
    this.#kept.addBatch(batch);
    this.#tailOf = 0;
    cursor.reset(batch);
    while (cursor.next()) {
      if (cursor.isName) {
        this.#names.take(cursor);
        continue;
      }
      this.#gaps.saw(cursor.cpu, cursor.seq, cursor.numbers);
      if (cursor.generation !== this.#generation && !this.#isNewer(batch)) continue;
      if (cursor.kind === KIND.free) this.#free();
      else if (cursor.kind === KIND.lineage) this.#lineage();
      else if (cursor.kind === KIND.decision) this.#decision();
      else if (cursor.kind === KIND.socket) this.#connections.take(cursor);
      else if (cursor.kind === KIND.tail) this.#tail();
      else this.#hop();
    }
    this.#malformedBefore += cursor.malformed - malformed;
  }

  #isNewer(batch: Uint8Array): boolean {
    const { generation } = this.#cursor;
    if (generation < this.#generation) return false;
    const isFirst = this.#generation === 0;
    this.#generation = generation;
    if (isFirst) return true;
    this.#gaps.forgive();
    this.#begin();
    this.#kept.addBatch(batch);
    return true;
  }

  #begin(): void {
    this.#session += 1;
    this.#kept.clear();
    this.#connections.clear();
    this.#owners.clear();
    this.#packets = 0;
    this.#hops = 0;
    this.#hopsAt.fill(0);
    this.#malformedBefore = 0;
    this.#newestNs = 0;
  }

  /** Slot of the current record's packet, made when it is new; the record is chained to it. */
  #slot(): number {
    const { packet, offset } = this.#cursor;
    let slot = this.#kept.find(packet);
    if (slot < 0) {
      slot = this.#kept.add(packet, this.#cursor.timeNs);
      this.#outcomes.begin(slot);
      this.#tuples.begin(slot);
      this.#packets += 1;
      this.#tally.began();
      if (packet === this.#tailOf) this.#kept.chain(slot, this.#tailAt);
    } else this.#kept.touch(slot);
    this.#kept.chain(slot, offset);
    return slot;
  }

  /** It begins no packet: when that began is what the first of its hops says. */
  #tail(): void {
    const { packet, offset } = this.#cursor;
    const slot = this.#kept.find(packet);
    if (slot >= 0) this.#kept.chain(slot, offset);
    this.#tailOf = packet;
    this.#tailAt = offset;
  }

  #hop(): void {
    const cursor = this.#cursor;
    const slot = this.#slot();
    const { view } = this.#kept;
    const at = slot * ROW_BYTES;
    const { timeNs } = cursor;
    this.#hops += 1;
    if (timeNs > this.#newestNs) this.#newestNs = timeNs;
    const isFirst = view.getUint32(at + ROW.hops, true) === 0;
    this.#tally.hop(isFirst ? -1 : Math.max(0, timeNs - view.getFloat64(at + ROW.lastNs, true)));
    writeVisit(view, at, timeNs, cursor.u32(HOP.netns), cursor.u32(HOP.ifindex));
    if (cursor.sections !== 0) {
      writeHeaders(view, at, cursor);
      const tuple = this.#tuples.read(slot, cursor);
      if (tuple !== undefined) view.setUint32(at + ROW.tuple, tuple, true);
      if (isFirst) this.#owner(at);
    }
    if (cursor.kind === KIND.drop) {
      this.#drop(slot, at);
      return;
    }
    const func = cursor.u32(HOP.func);
    view.setUint32(at + ROW.lastFunc, func, true);
    if (func < this.#hopsAt.length) this.#hopsAt[func] = (this.#hopsAt[func] ?? 0) + 1;
    this.#outcomes.reached(slot, func);
    if (this.#outcomes.isRawReceiver(func)) this.#handOver(view.getFloat64(at + ROW.parent, true));
  }

  /** At first sight only: a packet that came in gets the owner of the socket that takes it later. */
  #owner(at: number): void {
    const cursor = this.#cursor;
    const owner = cursor.section(SECTION.owner);
    if (owner < 0) return;
    const pid = cursor.view.getUint32(owner + OWNER.pid, true);
    if (pid === 0) return;
    this.#kept.view.setUint32(at + ROW.ownerPid, pid, true);
    this.#owners.saw(
      pid,
      cursor.u64At(owner + OWNER.cgroup),
      cursor.textAt(owner + OWNER.comm, LIMITS.commLen),
    );
  }

  #drop(slot: number, at: number): void {
    const { view } = this.#kept;
    const from = this.#cursor.view;
    const drop = this.#cursor.section(SECTION.drop);
    const reason = from.getUint32(drop + DROP.reason, true);
    view.setUint32(at + ROW.reason, reason, true);
    view.setUint32(at + ROW.locationLow, from.getUint32(drop + DROP.location, true), true);
    view.setUint32(at + ROW.locationHigh, from.getUint32(drop + DROP.location + 4, true), true);
    view.setUint8(at + ROW.verdict, this.#outcomes.ofDrop(slot, reason));
    this.#tally.dropped(
      reason,
      asNetnsInode(view.getUint32(at + ROW.lastNetns, true)),
      from.getUint32(drop + DROP.location, true),
      from.getUint32(drop + DROP.location + 4, true),
    );
  }

  /** A raw socket gets a clone of this packet. */
  #handOver(parent: number): void {
    const slot = parent === 0 ? -1 : this.#kept.find(parent);
    if (slot >= 0) this.#outcomes.handOver(slot);
  }

  /** Of decisions only a refusal in silence changes a row. */
  #decision(): void {
    const cursor = this.#cursor;
    const slot = this.#slot();
    const kind = cursor.view.getUint16(cursor.offset + DECISION.decision, true);
    const isFull = kind === DECISION_KIND.accept && cursor.u32(DECISION.used) > cursor.u32(DECISION.limit);
    if (isFull) this.#outcomes.refuse(slot);
  }

  #free(): void {
    const slot = this.#slot();
    const { view } = this.#kept;
    const at = slot * ROW_BYTES;
    if (view.getUint8(at + ROW.verdict) === VERDICT.inFlight) {
      const dropped = (this.#cursor.flags & FLAG.dropped) !== 0;
      view.setUint8(at + ROW.verdict, this.#outcomes.ofFree(slot, dropped));
    }
    const lived = view.getFloat64(at + ROW.lastNs, true) - view.getFloat64(at + ROW.firstNs, true);
    this.#tally.ended(view.getUint8(at + ROW.verdict) as Verdict, lived);
  }

  #lineage(): void {
    const { parent, packet, offset } = this.#cursor;
    const slot = this.#slot();
    if (parent === packet) return;
    const { view } = this.#kept;
    setRowRelation(view, slot * ROW_BYTES, this.#cursor.u32(LINEAGE.relation));
    view.setFloat64(slot * ROW_BYTES + ROW.parent, parent, true);
    const parentSlot = this.#kept.find(parent);
    if (parentSlot < 0) return;
    // the row says nothing of it, but the path does
    this.#kept.chain(parentSlot, offset);
    this.#kept.touch(parentSlot);
  }
}
