/** Conversations: 5-tuples within a namespace, both directions together. */
import { L4_KIND } from '../../wire/layout.gen.ts';
import { ROW, ROW_BYTES, readRow } from '../../wire/rows.ts';
import type { PacketRow } from '../packet.ts';
import { HalfFlow, TURN } from './half-flow.ts';
import { joinHalves, type Sided } from './join.ts';
import { type RoundTrip, roundTrip } from './round-trip.ts';
import type { RowFold } from './scan.ts';
import { TupleTable } from './tuples.ts';

/** Conversations that are given, the newest; all are counted. */
export const FLOWS_MAX = 5000;

/** What one side sent. */
export interface FlowSide {
  /** Where its packets were first seen; undefined when it sent nothing that was seen. */
  readonly netns: number | undefined;
  /** Its first packet that was seen, as it was then: what its socket has, also where the other side sees another. */
  readonly sample: PacketRow | undefined;
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly retransmissions: number;
  /** Clones, copies, segments and fragments. */
  readonly copies: number;
  /** Process that sends here, 0 when not known. */
  readonly ownerPid: number;
}

/** What flags said of a TCP connection; `underWay`: its beginning was not seen. */
export type TcpState = 'asked' | 'open' | 'underWay' | 'halfClosed' | 'closed' | 'reset';

export interface Flow {
  /** The same in the next scan. */
  readonly key: string;
  /** First packet seen of who began: its addresses and ports are the flow's, its source is side `a`. */
  readonly sample: PacketRow;
  /** Side `a` asked (a SYN, an echo request); otherwise it only was seen first. */
  readonly isAsker: boolean;
  readonly a: FlowSide;
  readonly b: FlowSide;
  /** Kernel's reasons of what was dropped, those with most first. */
  readonly drops: readonly { readonly reason: number; readonly count: number }[];
  /** The same of clones, copies, segments and fragments. */
  readonly copyDrops: Flow['drops'];
  readonly isTranslated: boolean;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly newest: number;
  /** Undefined unless it is TCP. */
  readonly tcp: TcpState | undefined;
  readonly roundTrip: RoundTrip | undefined;
}

export interface FlowSummary {
  /** Newest first. */
  readonly flows: readonly Flow[];
  /** All of them, given or not. */
  readonly count: number;
  readonly packets: number;
  readonly copies: number;
  readonly bytes: number;
  /** First sight of the first packet to the last that is known of any. */
  readonly fromNs: number;
  readonly toNs: number;
}

export class FlowFold implements RowFold<FlowSummary> {
  readonly #tuples = new TupleTable();
  readonly #halves: HalfFlow[] = [];

  add(view: DataView, at: number): void {
    const number = this.#tuples.of(view, at);
    let half = this.#halves[number];
    if (half === undefined) {
      half = new HalfFlow(view, at);
      this.#halves.push(half);
    }
    half.add(view, at);
  }

  result(): FlowSummary {
    const conversations = joinHalves(this.#halves);
    const newest = conversations
      .map((halves) => ({ halves, lastNs: Math.max(...halves.map(({ half }) => half.lastNs)) }))
      .sort((a, b) => b.lastNs - a.lastNs)
      .slice(0, FLOWS_MAX);
    const sum = (value: (half: HalfFlow) => number) =>
      this.#halves.reduce((all, half) => all + value(half), 0);
    return {
      flows: newest.map(({ halves }) => this.#flow(halves)),
      count: conversations.length,
      packets: sum(({ packets }) => packets),
      copies: sum(({ copies }) => copies),
      bytes: sum(({ bytes }) => bytes),
      fromNs: this.#halves.reduce(
        (from, { firstNs }) => Math.min(from, firstNs),
        this.#halves[0]?.firstNs ?? 0,
      ),
      toNs: this.#halves.reduce((to, { lastNs }) => Math.max(to, lastNs), 0),
    };
  }

  #flow(halves: readonly Sided[]): Flow {
    // copies come last, so the first is who was seen first; a SYN or a request says who began
    const asks = halves.find(({ half }) => isAsking(half));
    const began = asks ?? halves[0];
    const sides = [0, 1].map((turned) =>
      halves.filter(({ side }) => (side === began?.side ? 0 : 1) === turned).map(({ half }) => half),
    );
    const [first = [], second = []] = sides;
    const all = halves.map(({ half }) => half);
    const number = began?.number ?? 0;
    const sample = began?.half.sample ?? NO_ROW;
    return {
      key: this.#tuples.text(number),
      sample: readRow(sample, 0),
      isAsker: asks !== undefined,
      a: sideOf(first),
      b: sideOf(second),
      drops: dropsOf(all.map(({ drops }) => drops)),
      copyDrops: dropsOf(all.map(({ copyDrops }) => copyDrops)),
      isTranslated: all.some(({ isTranslated }) => isTranslated),
      firstNs: Math.min(...all.map(({ firstNs }) => firstNs)),
      lastNs: Math.max(...all.map(({ lastNs }) => lastNs)),
      newest: all.reduce((newest, half) => (half.newestNs > newest.newestNs ? half : newest)).newest,
      tcp: sample.getUint8(ROW.l4Kind) === L4_KIND.tcp ? tcpState(first, second) : undefined,
      roundTrip: asks === undefined ? undefined : roundTrip(asks.half, second),
    };
  }
}

const NO_ROW = new DataView(new ArrayBuffer(ROW_BYTES));

const isAsking = ({ syns, turns }: HalfFlow): boolean => syns > 0 || turns[TURN.asks] === 1;

function sideOf(halves: readonly HalfFlow[]): FlowSide {
  const sum = (value: (half: HalfFlow) => number) => halves.reduce((all, half) => all + value(half), 0);
  return {
    netns: halves[0]?.netns,
    sample: halves[0] && readRow(halves[0].sample, 0),
    packets: sum(({ packets }) => packets),
    bytes: sum(({ bytes }) => bytes),
    dropped: sum(({ dropped }) => dropped),
    retransmissions: sum(({ retransmissions }) => retransmissions),
    copies: sum(({ copies }) => copies),
    ownerPid: halves.find(({ ownerPid }) => ownerPid !== 0)?.ownerPid ?? 0,
  };
}

function dropsOf(of: readonly ReadonlyMap<number, number>[]): Flow['drops'] {
  const counts = new Map<number, number>();
  for (const drops of of)
    for (const [reason, count] of drops) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

function tcpState(first: readonly HalfFlow[], second: readonly HalfFlow[]): TcpState {
  const has = (halves: readonly HalfFlow[], count: (half: HalfFlow) => number) =>
    halves.some((half) => count(half) > 0);
  const all = [...first, ...second];
  if (has(all, ({ resets }) => resets)) return 'reset';
  const ends = [first, second].filter((halves) => has(halves, ({ fins }) => fins)).length;
  if (ends > 0) return ends === 2 ? 'closed' : 'halfClosed';
  if (has(all, ({ synAcks }) => synAcks)) return 'open';
  return has(all, ({ syns }) => syns) ? 'asked' : 'underWay';
}
