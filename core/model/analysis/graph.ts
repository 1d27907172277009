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
  places: number;
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
    this.#nodes.push({ func, netns, count: 0, starts: 0, ends: 0, places: 0 });
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

  /** @param place where in its path: 0 at the beginning, 1 at the end */
  pass(node: number, place: number): void {
    const at = this.#nodes[node];
    if (at === undefined) return;
    at.count += 1;
    at.places += place;
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

  result(): { nodes: GraphNode[]; edges: GraphEdge[]; exits: DropExit[] } {
    const counted = ({ count, histogram }: Line) => ({
      count,
      p50Ns: this.#times.quantile(histogram, 0.5),
      p99Ns: this.#times.quantile(histogram, 0.99),
    });
    const used = this.#lines.filter(({ count }) => count > 0);
    return {
      nodes: this.#nodes.map(({ places, ...node }) => ({
        ...node,
        place: Math.round((places / Math.max(1, node.count)) * 1e4) / 1e4,
      })),
      edges: used
        .filter(({ to }) => to < DROP_BIT)
        .map((line) => ({ from: line.from, to: line.to, ...counted(line) })),
      exits: used
        .filter(({ to }) => to >= DROP_BIT)
        .map((line) => ({ from: line.from, reason: line.to - DROP_BIT, ...counted(line) })),
    };
  }
}
