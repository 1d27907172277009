/** Of the session that runs: packets that memory has let go, read from the disk when somebody asks of many. */
import type { NameTables } from '../../core/messages/browser.ts';
import type { FoldedSession } from '../../core/model/analysis/fold.ts';
import type { SessionAssembler } from '../../core/model/assembler.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { rowHops, rowLastNs, rowVerdict } from '../../core/wire/rows.ts';
import type { KeptRecords } from '../store/records.ts';
import { newestFolded, ReadPackets } from './read-packets.ts';

/** Of a question's packets: where memory lacks fewer, it answers at once, and these are counted. */
const LACKING_MIN = 0.1;
/** What is told behind a packet's end comes within this, and of packets that come one after the other the next. */
const SETTLED_NS = 2e9;
const KEPT_MS = 30_000;

export class Past {
  readonly #assembler: SessionAssembler;
  readonly #ask: (packets: Float64Array) => Promise<KeptRecords>;
  /** What verdicts are told by. */
  #names: NameTables = {};
  /** What was read last, if nothing can change of it: the same is asked again while somebody looks. */
  #last: Read | undefined;
  #forgetting: NodeJS.Timeout | undefined;

  /** `ask` resolves to what the disk has. */
  constructor(assembler: SessionAssembler, ask: (packets: Float64Array) => Promise<KeptRecords>) {
    this.#assembler = assembler;
    this.#ask = ask;
  }

  /** Functions and drop reasons of the source. */
  takeNames(tables: NameTables): void {
    this.#names = { ...this.#names, ...tables };
  }

  /** Memory has not enough of these packets, and no more of them come: those would be read again and again. */
  isWorthReading(packets: Float64Array, presentNs: number): boolean {
    const wanted = newestFolded(packets);
    const at = this.#assembler.rowAt(wanted.at(-1) ?? 0);
    if (at >= 0 && presentNs - rowLastNs(this.#assembler.rowView, at) < SETTLED_NS) return false;
    const isGone = (packet: number) =>
      this.#assembler.rowAt(packet) < 0 || this.#assembler.isTruncated(packet);
    return wanted.filter(isGone).length > wanted.length * LACKING_MIN;
  }

  /** The newest of them, as many as are folded; what is in memory where the disk has none of this session. */
  async read(packets: Float64Array): Promise<FoldedSession> {
    const wanted = newestFolded(packets).slice();
    const { session } = this.#assembler;
    if (this.#last?.session === session && isSame(this.#last.packets, wanted)) return this.#last.read;
    const kept = await this.#ask(wanted);
    if (kept.session !== session || this.#assembler.session !== session || kept.records.length === 0)
      return this.#assembler;
    const read = new ReadPackets(this.#names, this.#assembler.paths);
    for (const records of kept.records) read.take(records);
    for (const packet of kept.left) read.left(packet);
    for (const packet of wanted) if (this.#isShorter(read, packet)) read.left(packet);
    if (this.#isSettled(read, wanted)) this.#keep({ packets: wanted, session, read });
    return read;
  }

  /** The session is over. */
  restart(): void {
    clearTimeout(this.#forgetting);
    this.#last = undefined;
  }

  /** All of these packets have ended, and what is told behind an end has been. */
  #isSettled(read: ReadPackets, packets: Float64Array): boolean {
    if (this.#assembler.newestNs - read.newestNs < SETTLED_NS) return false;
    const { rowView } = read;
    return packets.every((packet) => {
      const at = read.rowAt(packet);
      const hasEnded = at >= 0 && rowVerdict(rowView, at) !== VERDICT.inFlight;
      return hasEnded || read.isTruncated(packet);
    });
  }

  /** Not all of it is on the disk, or not yet: a part that it began in gave way. */
  #isShorter(read: ReadPackets, packet: number): boolean {
    const known = this.#assembler.rowAt(packet);
    if (known < 0) return false;
    const at = read.rowAt(packet);
    const hops = at < 0 ? 0 : rowHops(read.rowView, at);
    return hops < rowHops(this.#assembler.rowView, known);
  }

  #keep(last: Read): void {
    clearTimeout(this.#forgetting);
    this.#last = last;
    this.#forgetting = setTimeout(() => this.restart(), KEPT_MS).unref();
  }
}

interface Read {
  readonly packets: Float64Array;
  readonly session: number;
  readonly read: ReadPackets;
}

const isSame = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((packet, i) => packet === b[i]);
