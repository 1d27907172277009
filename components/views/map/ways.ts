/** Between two interfaces: along which others a packet goes that is first seen at one and last at the other. */
import { type MapGraph, nodeKey, routes } from './graph.ts';

export interface Way {
  /** Keys of interfaces, the ends included. */
  readonly nodes: readonly string[];
  readonly joints: readonly string[];
}

const stackOf = (inode: number): string => `stack ${inode}`;

/** Looks ways up over one graph, each once: a row of a packet says only its first and its last place. */
export class Ways {
  readonly #next = new Map<string, { readonly to: string; readonly joint: string }[]>();
  readonly #known = new Map<string, Way>();

  constructor(graph: MapGraph) {
    const join = (a: string, b: string, joint: string) => {
      this.#of(a).push({ to: b, joint });
      this.#of(b).push({ to: a, joint });
    };
    for (const { key, from, to } of graph.joints) join(from.key, to.key, key);
    for (const node of graph.nodes.values()) if (routes(node)) join(node.key, stackOf(node.region.inode), '');
  }

  /** Empty when no wire leads from one to the other; ifindex 0 stands for the namespace itself. */
  between(fromNetns: number, fromIfindex: number, toNetns: number, toIfindex: number): Way {
    const from = this.#place(fromNetns, fromIfindex);
    const to = this.#place(toNetns, toIfindex);
    const key = `${from} ${to}`;
    let way = this.#known.get(key);
    if (way === undefined) {
      way = this.#search(from, to);
      this.#known.set(key, way);
    }
    return way;
  }

  #place(netns: number, ifindex: number): string {
    const key = nodeKey(netns, ifindex);
    return this.#next.has(key) ? key : stackOf(netns);
  }

  #of(key: string): { readonly to: string; readonly joint: string }[] {
    const known = this.#next.get(key);
    if (known !== undefined) return known;
    const made: { readonly to: string; readonly joint: string }[] = [];
    this.#next.set(key, made);
    return made;
  }

  /** The shortest: breadth first. A bridge is nearer than the routing of its namespace, which takes two steps. */
  #search(from: string, to: string): Way {
    const came = new Map<string, { readonly back: string; readonly joint: string }>([
      [from, { back: '', joint: '' }],
    ]);
    const queue = [from];
    for (const at of queue) {
      if (at === to) break;
      for (const { to: next, joint } of this.#next.get(at) ?? [])
        if (!came.has(next)) {
          came.set(next, { back: at, joint });
          queue.push(next);
        }
    }
    const nodes: string[] = [];
    const joints: string[] = [];
    if (!came.has(to)) return { nodes, joints };
    for (let at = to; at !== ''; ) {
      const step = came.get(at);
      if (!at.startsWith('stack ')) nodes.unshift(at);
      if (step?.joint) joints.unshift(step.joint);
      at = step?.back ?? '';
    }
    return { nodes, joints };
  }
}
