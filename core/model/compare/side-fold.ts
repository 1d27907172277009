import { ipText } from '../../base/address.ts';
import { asFuncId, asNetnsInode } from '../../base/units.ts';
import { ROW, rowFirstNs, rowLastNs, rowVerdict } from '../../wire/rows.ts';
import { DropFold } from '../aggregate/drops.ts';
import { type Flow, FlowFold } from '../aggregate/flows.ts';
import { type FoldedSession, PathFold } from '../analysis/fold.ts';
import type { Step } from '../analysis/result.ts';
import { functionAt } from '../drop-place.ts';
import { protocolName } from '../format.ts';
import { LatencyFold } from '../latency/fold.ts';
import type { PlaceTable } from '../latency/places.ts';
import type { NameBook } from '../names.ts';
import { VERDICT } from '../packet.ts';
import {
  CAUSES_MAX, COMPARED_PACKETS_MAX, type NamedStep, SERVICES_MAX, type Side, type SideCause, type SideService,
} from './side.ts'; // biome-ignore format: a list

/** Rows are read so many times faster than paths. */
const ROWS_A_PACKET = 32;

export interface SideLimits {
  readonly maxPackets?: number;
}

/**
 * Makes a side of a session: paths, then times, then rows; a piece at a time, so that the session's thread can do other
 * things in between.
 */
export class SideFold {
  readonly #session: FoldedSession;
  readonly #names: NameBook;
  readonly #paths: PathFold;
  readonly #latency: LatencyFold;
  readonly #drops: DropFold;
  readonly #flows = new FlowFold();
  readonly #packets: Float64Array;
  readonly #verdicts = Array<number>(Object.keys(VERDICT).length).fill(0);
  #row = 0;
  #rows = 0;
  #fromNs = Number.POSITIVE_INFINITY;
  #toNs = 0;

  /** @param names of functions, reasons, namespaces and what addresses hold */
  constructor(session: FoldedSession, places: PlaceTable, names: NameBook, limits: SideLimits = {}) {
    const { maxPackets = COMPARED_PACKETS_MAX } = limits;
    this.#session = session;
    this.#names = names;
    this.#paths = new PathFold(session, null, { maxPackets });
    this.#latency = new LatencyFold(session, places, null, { kind: 'whole' }, { maxPackets });
    this.#drops = new DropFold('cause', functionAt(names));
    this.#packets = session.newest(session.size).reverse();
  }

  get isDone(): boolean {
    return this.#row >= this.#packets.length;
  }

  /** Takes in the next `count` packets, or as much of other work. */
  advance(count: number): void {
    if (!this.#paths.isDone) this.#paths.advance(count);
    else if (!this.#latency.isDone) this.#latency.advance(count);
    else this.#read(count * ROWS_A_PACKET);
  }

  result(): Side {
    const { packets: folded, leftOut, steps, paths } = this.#paths.result();
    const { packets: timed, whole, places } = this.#latency.result();
    return {
      packets: this.#rows,
      fromNs: Number.isFinite(this.#fromNs) ? this.#fromNs : 0,
      toNs: this.#toNs,
      verdicts: this.#verdicts,
      causes: this.#causes(),
      folded,
      leftOut,
      steps: steps.map((step) => this.#named(step)),
      paths: paths.map(({ id, steps: own, count, verdicts, p50Ns, p99Ns }) => ({
        id,
        steps: own,
        count,
        verdicts,
        p50Ns,
        p99Ns,
      })),
      timed,
      whole: whole && { p50Ns: whole.p50Ns, p99Ns: whole.p99Ns },
      times: places.flatMap(({ series, count, totalNs, p50Ns, p99Ns }) =>
        series.kind === 'place' && count > 0 ? [{ place: series.place, count, totalNs, p50Ns, p99Ns }] : [],
      ),
      services: servicesOf(this.#flows.result().flows),
    };
  }

  #read(count: number): void {
    const { rowView: view } = this.#session;
    const end = Math.min(this.#packets.length, this.#row + count);
    for (; this.#row < end; this.#row += 1) {
      // one that has given way meanwhile is in nothing
      const at = this.#session.rowAt(this.#packets[this.#row] ?? 0);
      if (at < 0) continue;
      const verdict = rowVerdict(view, at);
      this.#rows += 1;
      this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
      this.#fromNs = Math.min(this.#fromNs, rowFirstNs(view, at));
      this.#toNs = Math.max(this.#toNs, rowLastNs(view, at));
      this.#drops.add(view, at);
      if (view.getUint8(at + ROW.ipVersion) !== 0) this.#flows.add(view, at);
    }
  }

  #causes(): readonly SideCause[] {
    const { groups } = this.#drops.result();
    return groups.slice(0, CAUSES_MAX).map(({ key, count }) => {
      // reason and function: a number, a space, a name
      const cut = key.indexOf(' ');
      return {
        reason: this.#names.reasonName(Number(key.slice(0, cut))),
        func: key.slice(cut + 1),
        count,
      };
    });
  }

  #named({ func, reason, netns, ifindex }: Step): NamedStep {
    const inode = asNetnsInode(netns);
    return {
      func: reason >= 0 ? '' : this.#names.functionName(asFuncId(func)).replace(/\..*/, ''),
      reason: reason >= 0 ? this.#names.reasonName(reason) : '',
      netns: this.#names.netnsName(inode),
      device: this.#names.interfaceName(inode, ifindex),
    };
  }
}

/** Ports are told of who was asked; where nobody was seen asking, the smaller one is the service's. */
function servicesOf(flows: readonly Flow[]): readonly SideService[] {
  const services = new Map<string, SideService>();
  for (const { sample, isAsker, a, b } of flows) {
    const isTurned = !isAsker && sample.sport !== 0 && sample.sport < sample.dport;
    const protocol = protocolName(sample);
    const address = ipText(isTurned ? sample.saddr : sample.daddr, 0, sample.ipVersion);
    const port = isTurned ? sample.sport : sample.dport;
    const key = `${protocol} ${address} ${port}`;
    const known = services.get(key) ?? { protocol, address, port, conversations: 0, packets: 0, dropped: 0 };
    services.set(key, {
      ...known,
      conversations: known.conversations + 1,
      packets: known.packets + a.packets + b.packets,
      dropped: known.dropped + a.dropped + b.dropped,
    });
  }
  return [...services.values()].sort((a, b) => b.packets - a.packets).slice(0, SERVICES_MAX);
}
