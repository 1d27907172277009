import { RecordCursor } from '../../wire/cursor.ts';
import { rowVerdict } from '../../wire/rows.ts';
import type { SessionAssembler } from '../assembler.ts';
import { VERDICT } from '../packet.ts';
import { isNumbered } from '../path-table.ts';
import { Graph } from './graph.ts';
import { Histograms } from './histograms.ts';
import { PACKETS_FOLDED_MAX, PATHS_MAX, type PathsAnalysis, SAMPLES_MAX, type Step } from './result.ts';
import { DROP_BIT, PacketSteps } from './steps.ts';

/** The part of a session that is read. */
export type FoldedSession = Pick<
  SessionAssembler,
  'newest' | 'size' | 'rowView' | 'rowAt' | 'isTruncated' | 'walk' | 'paths'
>;

interface Folding {
  readonly id: number;
  readonly number: number;
  readonly steps: Uint32Array;
  /** By step: the node that it is, and the line that leads to it from the node before; -1 for none. */
  readonly nodes: Int32Array;
  readonly lines: Int32Array;
  readonly histogram: number;
  readonly verdicts: number[];
  readonly samples: number[];
  count: number;
  firstNs: number;
  lastNs: number;
}

export interface FoldLimits {
  readonly maxPackets?: number;
  readonly maxPaths?: number;
}

/** Places (function, namespace and interface) that are told apart. */
const PLACES_MAX = 1 << 16;
const VERDICTS = Object.keys(VERDICT).length;

/**
 * Folds packets into distinct paths and one graph, newest packets first; a piece at a time, so that a session's thread
 * can do other things in between. Packets that came after it began are not in it.
 */
export class PathFold {
  readonly #session: FoldedSession;
  readonly #packets: Float64Array;
  readonly #maxPaths: number;
  readonly #cursor = new RecordCursor();
  readonly #steps = new PacketSteps();
  readonly #graph = new Graph();
  readonly #durations = new Histograms();
  readonly #paths = new Map<number, Folding>();
  readonly #stepAt = new Map<string, number>();
  readonly #allSteps: Step[] = [];
  readonly #older: number;
  #next = 0;
  #folded = 0;
  #truncated = 0;
  #withoutHops = 0;
  #beyond = 0;

  /** @param packets ids in the order of first sight, null for all that the session keeps */
  constructor(session: FoldedSession, packets: Float64Array | null, limits: FoldLimits = {}) {
    const { maxPackets = PACKETS_FOLDED_MAX, maxPaths = PATHS_MAX } = limits;
    this.#session = session;
    this.#maxPaths = maxPaths;
    this.#packets = packets === null ? session.newest(maxPackets) : newestOf(packets, maxPackets);
    this.#older = (packets?.length ?? session.size) - this.#packets.length;
  }

  get isDone(): boolean {
    return this.#next >= this.#packets.length;
  }

  /** Folds the next `count` packets. */
  advance(count: number): void {
    const end = Math.min(this.#packets.length, this.#next + count);
    for (; this.#next < end; this.#next += 1) this.#fold(this.#packets[this.#next] ?? 0);
  }

  result(): PathsAnalysis {
    const { nodes, edges, exits, numbers } = this.#graph.result();
    return {
      packets: this.#folded,
      leftOut: {
        older: this.#older,
        truncated: this.#truncated,
        withoutHops: this.#withoutHops,
        beyond: this.#beyond,
      },
      steps: this.#allSteps.map((step) => ({ ...step, node: numbers[step.node] ?? -1 })),
      paths: [...this.#paths.values()].map((path) => ({
        id: path.id,
        number: path.number,
        count: path.count,
        verdicts: path.verdicts,
        steps: [...path.steps],
        firstNs: path.firstNs,
        lastNs: path.lastNs,
        p50Ns: this.#durations.quantile(path.histogram, 0.5),
        p99Ns: this.#durations.quantile(path.histogram, 0.99),
        samples: path.samples,
      })),
      nodes,
      edges,
      exits,
    };
  }

  #fold(packet: number): void {
    const row = this.#session.rowAt(packet);
    if (row >= 0 && this.#session.isTruncated(packet)) {
      this.#truncated += 1;
      return;
    }
    const steps = this.#steps;
    steps.read(this.#cursor, packet, this.#session);
    if (row < 0 || steps.length === 0) {
      this.#withoutHops += 1;
      return;
    }
    const path = steps.isCut ? undefined : this.#path();
    if (path === undefined) {
      this.#beyond += 1;
      return;
    }
    this.#count(path, packet, rowVerdict(this.#session.rowView, row));
  }

  #count(path: Folding, packet: number, verdict: number): void {
    const { timeNs, length } = this.#steps;
    const first = timeNs[0] ?? 0;
    this.#folded += 1;
    path.count += 1;
    path.verdicts[verdict] = (path.verdicts[verdict] ?? 0) + 1;
    path.firstNs = Math.min(path.firstNs, first);
    path.lastNs = Math.max(path.lastNs, first);
    if (path.samples.length < SAMPLES_MAX) path.samples.push(packet);
    this.#durations.record(path.histogram, (timeNs[length - 1] ?? 0) - first);
    this.#graph.begin(path.nodes[0] ?? -1);
    let visited = 0;
    for (let i = 0; i < length; i += 1) {
      const line = path.lines[i] ?? -1;
      if (line >= 0) this.#graph.go(line, i === 0 ? 0 : (timeNs[i] ?? 0) - (timeNs[i - 1] ?? 0));
      if (!this.#isDrop(i) && this.#graph.pass(path.nodes[i] ?? -1, this.#folded, visited)) visited += 1;
    }
    if (!this.#isDrop(length - 1)) this.#graph.end(path.nodes[length - 1] ?? -1);
  }

  #isDrop(step: number): boolean {
    return (this.#steps.what[step] ?? 0) >= DROP_BIT;
  }

  /** The path that the steps just read are; undefined when there is no room for another. */
  #path(): Folding | undefined {
    let id = this.#steps.fingerprint;
    for (let known = this.#paths.get(id); known !== undefined; known = this.#paths.get(id)) {
      if (this.#isSame(known)) return known;
      id = (id + 1) % 2 ** 53;
    }
    const hasRoom = this.#paths.size < this.#maxPaths && this.#allSteps.length < PLACES_MAX;
    if (!hasRoom) return undefined;
    const made = this.#make(id);
    if (made !== undefined) this.#paths.set(id, made);
    return made;
  }

  #isSame(path: Folding): boolean {
    const { what, netns, ifindex, length } = this.#steps;
    if (path.steps.length !== length) return false;
    for (let i = 0; i < length; i += 1) {
      const step = this.#allSteps[path.steps[i] ?? -1];
      const code = what[i] ?? 0;
      const isSame =
        step !== undefined &&
        (code >= DROP_BIT ? step.reason === code - DROP_BIT : step.reason < 0 && step.func === code) &&
        step.netns === netns[i] &&
        step.ifindex === ifindex[i];
      if (!isSame) return false;
    }
    return true;
  }

  #make(id: number): Folding | undefined {
    const { what, netns, ifindex, length } = this.#steps;
    const nodes = new Int32Array(length).fill(-1);
    const lines = new Int32Array(length).fill(-1);
    let before = -1;
    for (let i = 0; i < length; i += 1) {
      const code = what[i] ?? 0;
      const isDrop = code >= DROP_BIT;
      if (isDrop && before < 0) before = this.#graph.node(0, netns[i] ?? 0);
      const node = isDrop ? before : this.#graph.node(code, netns[i] ?? 0);
      if (node < 0) return undefined;
      const line = before < 0 ? -1 : this.#graph.line(before, isDrop ? code : node);
      if (before >= 0 && line < 0) return undefined;
      nodes[i] = node;
      lines[i] = line;
      before = node;
    }
    const steps = Uint32Array.from(nodes, (node, i) =>
      this.#step(what[i] ?? 0, netns[i] ?? 0, ifindex[i] ?? 0, node),
    );
    const number = this.#session.paths.numberOf(this.#steps);
    return {
      id,
      number: isNumbered(number) ? number : 0,
      steps,
      nodes,
      lines,
      histogram: this.#durations.add(),
      verdicts: Array<number>(VERDICTS).fill(0),
      samples: [],
      count: 0,
      firstNs: Number.POSITIVE_INFINITY,
      lastNs: 0,
    };
  }

  #step(what: number, netns: number, ifindex: number, node: number): number {
    const key = `${what} ${netns} ${ifindex} ${node}`;
    const known = this.#stepAt.get(key);
    if (known !== undefined) return known;
    const isDrop = what >= DROP_BIT;
    const step = { func: isDrop ? 0 : what, reason: isDrop ? what - DROP_BIT : -1, netns, ifindex, node };
    this.#stepAt.set(key, this.#allSteps.push(step) - 1);
    return this.#allSteps.length - 1;
  }
}

const newestOf = (packets: Float64Array, max: number): Float64Array =>
  packets.slice(Math.max(0, packets.length - max)).reverse();
