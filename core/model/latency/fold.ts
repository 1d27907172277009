import { RecordCursor } from '../../wire/cursor.ts';
import { ROW } from '../../wire/rows.ts';
import type { FoldedSession } from '../analysis/fold.ts';
import { PACKETS_FOLDED_MAX } from '../analysis/result.ts';
import { DROP_BIT, PacketSteps } from '../analysis/steps.ts';
import { HeatMap } from './heat.ts';
import { PLACES, type PlaceTable } from './places.ts';
import { EDGES_MAX, type LatencyAnalysis, type LatencySeries } from './result.ts';
import { LatencyRows } from './rows.ts';
import { endOf, Spans } from './spans.ts';

export interface LatencyLimits {
  readonly maxPackets?: number;
  readonly maxEdges?: number;
}

const WHOLE = 0;

/**
 * Measures how long packets took, newest packets first: from first to last hop, by place and from function to function;
 * a piece at a time, so that a session's thread can do other things in between. What a packet still waits in is in no
 * row: a time is known when it is over.
 */
export class LatencyFold {
  readonly #session: FoldedSession;
  readonly #packets: Float64Array;
  readonly #maxEdges: number;
  readonly #cursor = new RecordCursor();
  readonly #steps = new PacketSteps();
  readonly #spans: Spans;
  readonly #rows = new LatencyRows();
  readonly #edgeRows = new LatencyRows();
  /** By the function that it begins at, and by what it leads to. */
  readonly #edgeAt = new Map<number, Map<number, number>>();
  readonly #heat: HeatMap;
  /** Numbers of the series of the heat map, -1 where it is none of those. */
  readonly #hotRow: number;
  #hotEdge = -1;
  readonly #older: number;
  #next = 0;
  #folded = 0;
  #stepCount = 0;
  #truncated = 0;
  #tooShort = 0;
  #tooLong = 0;
  #edgeSteps = 0;

  /**
   * @param packets ids in the order of first sight, null for all that the session keeps
   * @param series what the heat map is made of
   */
  constructor(
    session: FoldedSession,
    table: PlaceTable,
    packets: Float64Array | null,
    series: LatencySeries,
    { maxPackets = PACKETS_FOLDED_MAX, maxEdges = EDGES_MAX }: LatencyLimits = {},
  ) {
    this.#session = session;
    this.#spans = new Spans(table);
    this.#maxEdges = maxEdges;
    this.#packets =
      packets === null
        ? session.newest(maxPackets)
        : packets.slice(Math.max(0, packets.length - maxPackets)).reverse();
    this.#older = (packets?.length ?? session.size) - this.#packets.length;
    const { fromNs, toNs } = rangeOf(session, this.#packets);
    this.#heat = new HeatMap(series, fromNs, toNs);
    this.#rows.add({ kind: 'whole' });
    for (const place of PLACES) this.#rows.add({ kind: 'place', place });
    this.#hotRow =
      series.kind === 'whole' ? WHOLE : series.kind === 'place' ? 1 + PLACES.indexOf(series.place) : -1;
    if (series.kind === 'edge')
      this.#hotEdge = this.#edge(series.from, series.reason >= 0 ? DROP_BIT + series.reason : series.to);
  }

  get isDone(): boolean {
    return this.#next >= this.#packets.length;
  }

  /** Measures the next `count` packets. */
  advance(count: number): void {
    const end = Math.min(this.#packets.length, this.#next + count);
    for (; this.#next < end; this.#next += 1) this.#fold(this.#packets[this.#next] ?? 0);
  }

  result(): LatencyAnalysis {
    const rows = this.#rows.result();
    return {
      packets: this.#folded,
      steps: this.#stepCount,
      leftOut: {
        older: this.#older,
        truncated: this.#truncated,
        tooShort: this.#tooShort,
        tooLong: this.#tooLong,
        edgeSteps: this.#edgeSteps,
      },
      whole: rows.find(({ series }) => series.kind === 'whole'),
      places: rows.filter(({ series }) => series.kind === 'place'),
      edges: this.#edgeRows.result(),
      heat: this.#heat.result(),
    };
  }

  #fold(packet: number): void {
    if (this.#session.rowAt(packet) >= 0 && this.#session.isTruncated(packet)) {
      this.#truncated += 1;
      return;
    }
    const steps = this.#steps;
    steps.read(this.#cursor, packet, this.#session);
    const last = endOf(steps);
    if (steps.isCut) this.#tooLong += 1;
    else if (last < 1) this.#tooShort += 1;
    else this.#measure(packet, last);
  }

  #measure(packet: number, last: number): void {
    const { what } = this.#steps;
    this.#folded += 1;
    this.#stepCount += last;
    this.#record(WHOLE, packet, 0, last);
    this.#spans.visit(this.#steps, (place, from, to) => this.#record(1 + place, packet, from, to));
    for (let i = 0; i < last; i += 1) {
      const edge = this.#edge(what[i] ?? 0, what[i + 1] ?? 0);
      if (edge < 0) this.#edgeSteps += 1;
      else this.#recordEdge(edge, packet, i);
    }
  }

  #record(row: number, packet: number, from: number, to: number): void {
    const { timeNs } = this.#steps;
    const atNs = timeNs[from] ?? 0;
    const tookNs = (timeNs[to] ?? 0) - atNs;
    const hop = this.#slowestHop(from, to);
    this.#rows.record(row, packet, hop, atNs, tookNs);
    if (row === this.#hotRow) this.#heat.record(packet, hop, atNs, tookNs);
  }

  #recordEdge(edge: number, packet: number, from: number): void {
    const { timeNs } = this.#steps;
    const atNs = timeNs[from] ?? 0;
    const tookNs = (timeNs[from + 1] ?? 0) - atNs;
    this.#edgeRows.record(edge, packet, from + 1, atNs, tookNs);
    if (edge === this.#hotEdge) this.#heat.record(packet, from + 1, atNs, tookNs);
  }

  #slowestHop(from: number, to: number): number {
    const { timeNs } = this.#steps;
    let slowest = from + 1;
    let most = -1;
    for (let i = from + 1; i <= to; i += 1) {
      const tookNs = (timeNs[i] ?? 0) - (timeNs[i - 1] ?? 0);
      if (tookNs > most) [slowest, most] = [i, tookNs];
    }
    return slowest;
  }

  /** Number of the row of two functions, or of a function and with {@link DROP_BIT} a drop; -1 without room. */
  #edge(from: number, to: number): number {
    let after = this.#edgeAt.get(from);
    if (after === undefined) {
      after = new Map();
      this.#edgeAt.set(from, after);
    }
    const known = after.get(to);
    if (known !== undefined) return known;
    if (this.#edgeRows.size >= this.#maxEdges) return -1;
    const isDrop = to >= DROP_BIT;
    const number = this.#edgeRows.add({
      kind: 'edge',
      from,
      to: isDrop ? 0 : to,
      reason: isDrop ? to - DROP_BIT : -1,
    });
    after.set(to, number);
    return number;
  }
}

/** First and last sight of any of the packets. */
function rangeOf(session: FoldedSession, packets: Float64Array): { fromNs: number; toNs: number } {
  let fromNs = Number.POSITIVE_INFINITY;
  let toNs = 0;
  for (const packet of packets) {
    const at = session.rowAt(packet);
    if (at < 0) continue;
    fromNs = Math.min(fromNs, session.rowView.getFloat64(at + ROW.firstNs, true));
    toNs = Math.max(toNs, session.rowView.getFloat64(at + ROW.lastNs, true));
  }
  return Number.isFinite(fromNs) ? { fromNs, toNs } : { fromNs: 0, toNs: 1 };
}
