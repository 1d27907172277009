/** The index of a session as it runs: a row for each packet that has ended, and where in the frames its records are. */
import { ipText } from '../../core/base/address.ts';
import { asPacketId } from '../../core/base/units.ts';
import type { NameTables } from '../../core/messages/browser.ts';
import type { RecordedMessage } from '../../core/messages/recording.ts';
import { allCpus, NO_STATS, type SourceHello, type TracerStats } from '../../core/messages/source.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { verdictText } from '../../core/model/format.ts';
import { relationName } from '../../core/model/kernel-names.ts';
import type { PacketRow } from '../../core/model/packet.ts';
import { PathBook } from '../../core/model/path-book.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND, L4_KIND, LINEAGE } from '../../core/wire/layout.gen.ts';
import { ROW } from '../../core/wire/rows.ts';
import { nameRows, type Rows } from './names.ts';
import type { RowOf, RowSink } from './schema.ts';

/** A packet has its row early once so many have begun since, and begins anew. */
const PACKETS_MAX = 1 << 16;
/** Rows are known for so long: a batch does not begin more packets than the rest. */
const ROWS_MAX = 2 * PACKETS_MAX;
/** Beside a capture that runs. Whose first records gave way before it ended has a path that is not known. */
const RECORDS_BYTES = 16 << 20;
const NO_BLOCK = -1;
const NOWHERE = '0'.repeat(16);

/** A packet that has not ended. */
interface OpenPacket {
  /** Counts packets in the order in which they begin. */
  readonly number: number;
  lastBlock: number;
  events: number;
}

/** Counts of the tracer's that say what is missing. */
const LOSSES = {
  'ring buffer full': ({ lostRing }: TracerStats) => allCpus(lostRing),
  'packet not followed': ({ trackFull }: TracerStats) => allCpus(trackFull),
  'probe hit skipped': ({ missed }: TracerStats) => missed,
  undelivered: ({ undelivered }: TracerStats) => undelivered,
} as const;

export class PacketFold {
  #sink: RowSink;
  readonly #cursor = new RecordCursor();
  /** Knows how packets end, and which ways they take; their records are kept so long, if they are not too many. */
  readonly #assembler: SessionAssembler;
  readonly #open = new Map<number, OpenPacket>();
  #ended: number[] = [];
  #begun = 0;
  #block = 0;
  #generation = 0;
  #missing = 0;
  #stats: TracerStats = NO_STATS;
  /** As the source told them last. */
  #tables: NameTables = {};
  #hello: SourceHello | undefined;

  /** `recordBytes`: of packets that have not ended. */
  constructor(sink: RowSink, recordBytes = RECORDS_BYTES) {
    this.#sink = sink;
    this.#assembler = new SessionAssembler({ budgetBytes: recordBytes, maxPackets: ROWS_MAX });
  }

  /** Counts sessions as a SessionAssembler does that gets the same. */
  get session(): number {
    return this.#assembler.session;
  }

  /** Everything that the records named, as records. */
  get nameRecords(): Uint8Array<ArrayBuffer> {
    return this.#assembler.nameRecords;
  }

  /** Small tables: what everything is called, the paths that packets of this session took, and whose host it is. */
  get names(): Rows {
    const { symbols, paths } = this.#assembler;
    return {
      ...nameRows({ ...this.#tables, symbols }),
      paths: pathRowsOf(paths.wordsAfter(0)),
      recording: this.#hello === undefined ? [] : hostRows(this.#hello),
    };
  }

  /**
   * Another session begins, of which the rows go there; `isRestart`: with a capture that begins on the kernel side anew.
   * Rows of what has not ended come first: see {@link close}.
   */
  begin(sink: RowSink, isRestart: boolean): void {
    this.#sink = sink;
    this.#missing = 0;
    if (!isRestart) return;
    this.#assembler.restart();
    this.#generation = 0;
    this.#stats = NO_STATS;
  }

  /** Rows of the same session go there from now on; blocks are counted anew. */
  continueIn(sink: RowSink): void {
    this.#sink = sink;
    for (const open of this.#open.values()) open.lastBlock = NO_BLOCK;
  }

  /** Rows of packets that have not ended, as they are by now: they go on elsewhere. */
  writeOpen(): void {
    for (const [packet, open] of this.#open) this.#write(packet, open);
  }

  /** Whole records; `block` is the number of the block of frames that they are in. Keeps the buffer for a while. */
  take(records: Uint8Array, block: number): void {
    this.#block = block;
    const cursor = this.#cursor;
    cursor.reset(records);
    while (cursor.next()) {
      if (cursor.isName || cursor.kind === KIND.socket) continue;
      if (cursor.generation > this.#generation) this.#generation = cursor.generation;
      // stragglers of a session before are none of this one's
      if (cursor.generation === this.#generation) this.#record();
    }
    this.#assembler.take(records);
    for (const packet of this.#ended) this.#end(packet);
    this.#ended = [];
    for (const [packet, { number }] of this.#open) {
      if (this.#begun - number < PACKETS_MAX) break;
      this.#end(packet);
    }
    const { missing } = this.#assembler.counters;
    if (missing > this.#missing) this.#lost('missing', missing - this.#missing);
    this.#missing = Math.max(missing, this.#missing);
  }

  /** What the source said: names, and counts of what is missing. */
  takeMessage(message: RecordedMessage): void {
    switch (message.type) {
      case 'hello':
        this.#hello = message.hello;
        break;
      case 'functions':
      case 'reasons':
      case 'namespaces':
        this.#tables = { ...this.#tables, ...message };
        this.#assembler.takeNames(message);
        break;
      case 'stats':
        this.#takeStats(message.stats);
        break;
    }
  }

  /** The session is over: rows of packets that have not ended. */
  close(): void {
    for (const packet of [...this.#open.keys()]) this.#end(packet);
  }

  #record(): void {
    const cursor = this.#cursor;
    const { packet, kind } = cursor;
    this.#touch(packet);
    if (kind === KIND.free) this.#ended.push(packet);
    if (kind !== KIND.lineage) return;
    const { parent } = cursor;
    const relation = relationName(cursor.u32(LINEAGE.relation));
    this.#sink.add('lineage', { packet, parent, relation, time_ns: cursor.timeNs });
    // it is on the parent's path, too
    if (parent === packet) return;
    if (this.#open.has(parent)) this.#touch(parent);
    else this.#sink.add('places', { packet: parent, block: this.#block });
  }

  #touch(packet: number): void {
    const block = this.#block;
    const known = this.#open.get(packet);
    if (known !== undefined) {
      known.events += 1;
      if (known.lastBlock === block) return;
      known.lastBlock = block;
    } else {
      this.#begun += 1;
      this.#open.set(packet, { number: this.#begun, lastBlock: block, events: 1 });
    }
    this.#sink.add('places', { packet, block });
  }

  #takeStats(stats: TracerStats): void {
    for (const [kind, count] of Object.entries(LOSSES)) {
      const events = count(stats) - count(this.#stats);
      if (events > 0) this.#lost(kind, events);
    }
    this.#stats = stats;
  }

  #lost(kind: string, events: number): void {
    this.#sink.add('losses', { time_ns: this.#assembler.newestNs, kind, events });
  }

  #end(packet: number): void {
    const open = this.#open.get(packet);
    this.#open.delete(packet);
    if (open !== undefined) this.#write(packet, open);
  }

  #write(packet: number, open: OpenPacket): void {
    const row = this.#assembler.row(asPacketId(packet));
    if (row === undefined) return;
    const { rowView } = this.#assembler;
    const tuple = rowView.getUint32(this.#assembler.rowAt(packet) + ROW.tuple, true);
    this.#sink.add('packets', packetRow(row, open, { tuple, path: this.#assembler.pathOf(packet) }));
  }
}

function hostRows({ hostname, kernel, baseUnixMs }: SourceHello): readonly RowOf<'recording'>[] {
  return [
    { key: 'host', value: hostname },
    { key: 'kernel', value: kernel },
    { key: 'base_unix_ms', value: String(baseUnixMs) },
  ];
}

/** A row for each step of each path. */
function pathRowsOf(words: ArrayBuffer): readonly RowOf<'paths'>[] {
  const book = new PathBook();
  book.take({ session: 0, first: 1, words });
  const rows: RowOf<'paths'>[] = [];
  for (let path = 1; path <= book.size; path += 1) {
    let step = 0;
    book.walk(path, (func, reason, netns, ifindex) => {
      step += 1;
      rows.push({ path, step, func, reason, netns, ifindex });
    });
  }
  return rows;
}

function packetRow(
  row: PacketRow,
  open: OpenPacket,
  { tuple, path }: { readonly tuple: number; readonly path: number },
): RowOf<'packets'> {
  const hasAddress = row.ipVersion !== 0 || row.l4Kind === L4_KIND.arp;
  const address = (bytes: Uint8Array) => (hasAddress ? ipText(bytes, 0, row.ipVersion) : '');
  return {
    packet: row.packet,
    parent: row.parent,
    relation: row.relation === 0 ? '' : relationName(row.relation),
    first_ns: row.firstNs,
    last_ns: row.lastNs,
    events: open.events,
    hops: row.hops,
    verdict: verdictText(row.verdict),
    reason: row.reason,
    location: row.location === NOWHERE ? '' : row.location,
    last_func: row.lastFunc,
    first_netns: row.firstNetns,
    last_netns: row.lastNetns,
    first_ifindex: row.firstIfindex,
    last_ifindex: row.lastIfindex,
    length: row.length,
    ip_version: row.ipVersion,
    ip_protocol: row.ipProtocol,
    ethertype: row.protocol,
    source: address(row.saddr),
    source_port: row.sport,
    destination: address(row.daddr),
    destination_port: row.dport,
    tcp_flags: row.tcpFlags,
    icmp_type: row.icmpType,
    icmp_code: row.icmpCode,
    icmp_id: row.icmpId,
    icmp_seq: row.icmpSeq,
    arp_op: row.arpOp,
    owner_pid: row.ownerPid,
    l4_kind: row.l4Kind,
    translated: row.translated ? 1 : 0,
    tuple,
    path,
  };
}
