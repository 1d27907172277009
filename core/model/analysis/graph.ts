import { Histograms } from './histograms.ts';
import type { DropExit, GraphEdge, GraphNode } from './result.ts';
import { DROP_BIT } from './steps.ts';

export const NODES_MAX = 4096;
export const EDGES_MAX = 8192;

interface Line {
  readonly from: number;
  /** Node, or with {@link DROP_BIT} a drop's reason. */
  readonly to: number;
  readonly histogram: number;
  count: number;
}

interface Node {
  readonly func: number;
  readonly netns: number;
  count: number;
  starts: number;
  ends: number;
  firsts: number;
  before: number;
  /** Number of the packet that was here last. */
  lastPacket: number;
}

/** All paths in one: functions in namespaces, and how often and how fast packets went from one to the next. */
export class Graph {
  readonly #nodes: Node[] = [];
  readonly #nodeAt = new Map<number, number>();
  readonly #lines: Line[] = [];
  readonly #lineAt = new Map<number, number>();
  readonly #times = new Histograms();

  /** Index of a function's node; -1 when there are too many. */
  node(func: number, netns: number): number {
    const key = func * 2 ** 32 + netns;
    const known = this.#nodeAt.get(key);
    if (known !== undefined) return known;
    if (this.#nodes.length >= NODES_MAX) return -1;
    this.#nodes.push({
      func,
      netns,
      count: 0,
      starts: 0,
      ends: 0,
      firsts: 0,
      before: 0,
      lastPacket: -1,
    });
    this.#nodeAt.set(key, this.#nodes.length - 1);
    return this.#nodes.length - 1;
  }

  /** Index of the line from a node to a node or, with {@link DROP_BIT}, out of the graph; -1 when there are too many. */
  line(from: number, to: number): number {
    const key = from * 2 ** 32 + to;
    const known = this.#lineAt.get(key);
    if (known !== undefined) return known;
    if (this.#lines.length >= EDGES_MAX) return -1;
    this.#lines.push({ from, to, histogram: this.#times.add(), count: 0 });
    this.#lineAt.set(key, this.#lines.length - 1);
    return this.#lines.length - 1;
  }

  /**
   * Packets one after the other, each with a number of its own.
   * @param before functions that the packet was at before, each counted once
   * @returns it is here for the first time
   */
  pass(node: number, packet: number, before: number): boolean {
    const at = this.#nodes[node];
    if (at === undefined) return false;
    at.count += 1;
    if (at.lastPacket === packet) return false;
    at.lastPacket = packet;
    at.firsts += 1;
    at.before += before;
    return true;
  }

  begin(node: number): void {
    const at = this.#nodes[node];
    if (at !== undefined) at.starts += 1;
  }

  end(node: number): void {
    const at = this.#nodes[node];
    if (at !== undefined) at.ends += 1;
  }

  go(line: number, ns: number): void {
    const at = this.#lines[line];
    if (at === undefined) return;
    at.count += 1;
    this.#times.record(at.histogram, ns);
  }

  /**
   * Nodes by namespace and function and what joins them by node, so that the same graph is told in the same order
   * whatever came first; and by index in here, the place of a node among those.
   */
  result(): { nodes: GraphNode[]; edges: GraphEdge[]; exits: DropExit[]; numbers: number[] } {
    const order = this.#nodes
      .map((_, i) => i)
      .sort((a, b) => {
        const [one, other] = [this.#nodes[a], this.#nodes[b]];
        return (one?.netns ?? 0) - (other?.netns ?? 0) || (one?.func ?? 0) - (other?.func ?? 0);
      });
    const numbers = Array<number>(order.length).fill(-1);
    for (const [number, index] of order.entries()) numbers[index] = number;
    const counted = ({ count, histogram }: Line) => ({
      count,
      p50Ns: this.#times.quantile(histogram, 0.5),
      p99Ns: this.#times.quantile(histogram, 0.99),
    });
    const used = this.#lines.filter(({ count }) => count > 0);
    const at = (node: number) => numbers[node] ?? -1;
    return {
      numbers,
      nodes: order.flatMap((index) => {
        const node = this.#nodes[index];
        if (node === undefined) return [];
        const { func, netns, count, starts, ends } = node;
        const place = Math.round((node.before / Math.max(1, node.firsts)) * 100) / 100;
        return { func, netns, count, starts, ends, place };
      }),
      edges: used
        .filter(({ to }) => to < DROP_BIT)
        .map((line) => ({ from: at(line.from), to: at(line.to), ...counted(line) }))
        .sort((a, b) => a.from - b.from || a.to - b.to),
      exits: used
        .filter(({ to }) => to >= DROP_BIT)
        .map((line) => ({ from: at(line.from), reason: line.to - DROP_BIT, ...counted(line) }))
        .sort((a, b) => a.from - b.from || a.reason - b.reason),
    };
  }
}
