/** How long an answer took, where captured packets say it. */
import { VERDICT } from '../packet.ts';
import { type HalfFlow, TURN } from './half-flow.ts';

export interface RoundTrip {
  /** Median of the pairs. */
  readonly ns: number;
  readonly pairs: number;
  /**
   * `arrival`: from first sight of what asked, on its way out, to first sight of the answer in the same namespace.
   * `delivery`: both ends are here; from first sight of what asked to the last hop of the answer where that began.
   */
  readonly until: 'arrival' | 'delivery';
}

/**
 * From what asked and its only answer: SYN and SYN,ACK, or an echo request and its reply. One that was sent again is
 * passed over, since nobody knows which was answered; so is a request that came in and was answered here, which only
 * says how quick this host is.
 */
export function roundTrip(asking: HalfFlow, answering: readonly HalfFlow[]): RoundTrip | undefined {
  const asked = onlyTurns(asking, 1);
  const times: number[] = [];
  let until: RoundTrip['until'] = 'arrival';
  for (const half of answering) {
    const { turns } = half;
    for (const [sequence, at] of onlyTurns(half, 0)) {
      const from = asked.get(sequence);
      if (from === undefined) continue;
      const value = (turn: Float64Array, base: number, field: number) => turn[base + field] ?? 0;
      const askedNs = value(asking.turns, from, TURN.firstNs);
      const isHere = value(asking.turns, from, TURN.verdict) === VERDICT.delivered;
      const isBack =
        value(turns, at, TURN.verdict) === VERDICT.delivered &&
        value(turns, at, TURN.lastNetns) === asking.netns;
      let took = 0;
      if (isHere && isBack) {
        took = value(turns, at, TURN.lastNs) - askedNs;
        until = 'delivery';
      } else if (!isHere && half.netns === asking.netns) took = value(turns, at, TURN.firstNs) - askedNs;
      if (took > 0) times.push(took);
    }
  }
  const ns = median(times);
  return ns === undefined ? undefined : { ns, pairs: times.length, until };
}

/** Where the packets stand whose sequence number no other one of the same role has. */
function onlyTurns({ turns }: HalfFlow, asks: 0 | 1): ReadonlyMap<number, number> {
  const only = new Map<number, number>();
  const again = new Set<number>();
  for (let at = 0; at < turns.length; at += TURN.size) {
    const sequence = turns[at] ?? 0;
    if (turns[at + TURN.asks] !== asks) continue;
    if (only.has(sequence)) again.add(sequence);
    only.set(sequence, at);
  }
  for (const sequence of again) only.delete(sequence);
  return only;
}

function median(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  const [upper = 0, lower = 0] = [values[half], values[half - 1]];
  return values.length % 2 === 1 ? upper : (upper + lower) / 2;
}
