/** The network as things to draw: regions, interfaces in them, and what joins these. No positions yet, no DOM. */
import type { Link, Topology } from '../../../core/messages/topology.ts';
import type { NameBook } from '../../../core/model/names.ts';

export interface MapNode {
  /** `inode/ifindex`: the same as long as the interface lives. */
  readonly key: string;
  readonly region: Region;
  readonly link: Link;
  /** It has ports: it is drawn as a bar. */
  readonly isBar: boolean;
}

export interface Region {
  /** By its name, so that it is found again after a restart of what runs in it. */
  readonly key: string;
  readonly inode: number;
  /** As people know it: container or pod where one is known. */
  readonly title: string;
  /** What else it is called, '' when nothing. */
  readonly subtitle: string;
  /** As all views call the namespace: its colour follows from it. */
  readonly name: string;
  readonly nodes: MapNode[];
  /** Not drawn: loopback, and devices that only came with a tunnel's module. */
  readonly hidden: readonly Link[];
  readonly defaultRoutes: readonly string[];
  readonly problem: string;
}

/**
 * wire: a veth pair. port: of a bridge or bond. stack: an interface on another, as a VLAN. tunnel: the two ends of a
 * tunnel, by their addresses.
 */
export type JointKind = 'wire' | 'port' | 'stack' | 'tunnel';

export interface Joint {
  readonly key: string;
  readonly kind: JointKind;
  readonly from: MapNode;
  readonly to: MapNode;
}

export interface MapGraph {
  readonly regions: readonly Region[];
  readonly nodes: ReadonlyMap<string, MapNode>;
  readonly joints: readonly Joint[];
  readonly beyond: Topology['beyond'];
}

export const nodeKey = (inode: number, ifindex: number): string => `${inode}/${ifindex}`;

const FALLBACK = /^(gre|gretap|erspan|tunl|sit|ip6tnl|ip6gre|ip_vti|ip6_vti)0$/;
const isHidden = (link: Link): boolean =>
  link.kind === 'loopback' || (FALLBACK.test(link.name) && !link.isUp && link.addresses.length === 0);

export function buildGraph(topology: Topology, names: NameBook): MapGraph {
  const regions = topology.namespaces.map((place): Region => {
    const group = place.cgroup === 0 ? undefined : names.cgroup(place.cgroup);
    const called = group?.podName || (group?.kind === 'container' || group?.kind === 'pod' ? group.name : '');
    return {
      key: place.name,
      inode: place.inode,
      title: called || place.name,
      subtitle: called === '' ? '' : place.name,
      name: place.name,
      nodes: [],
      hidden: place.links.filter(isHidden),
      defaultRoutes: place.defaultRoutes,
      problem: place.problem,
    };
  });
  const nodes = new Map<string, MapNode>();
  topology.namespaces.forEach((place, i) => {
    const region = regions[i];
    if (region === undefined) return;
    const masters = new Set(place.links.map(({ master }) => master));
    for (const link of [...place.links].sort((a, b) => a.ifindex - b.ifindex)) {
      if (isHidden(link)) continue;
      const isBar =
        link.kind === 'bridge' || link.kind === 'bond' || link.kind === 'team' || masters.has(link.name);
      const node: MapNode = { key: nodeKey(place.inode, link.ifindex), region, link, isBar };
      region.nodes.push(node);
      nodes.set(node.key, node);
    }
  });
  return { regions, nodes, joints: [...joints(nodes), ...tunnels(nodes)], beyond: topology.beyond };
}

function* joints(nodes: ReadonlyMap<string, MapNode>): Generator<Joint> {
  for (const node of nodes.values()) {
    const { link, region } = node;
    const master = link.master === '' ? undefined : region.nodes.find((one) => one.link.name === link.master);
    if (master !== undefined) yield joint('port', node, master);
    const far = link.far === undefined ? undefined : nodes.get(nodeKey(link.far.netns, link.far.ifindex));
    if (far === undefined || far === node) continue;
    if (link.kind !== 'veth') yield joint('stack', node, far);
    // both ends name each other: one of them speaks
    else if (node.key < far.key || far.link.far === undefined) yield joint('wire', node, far);
  }
}

/** Tunnel devices of one kind and tag, each of whose far address is one of the other's namespace. */
function* tunnels(nodes: ReadonlyMap<string, MapNode>): Generator<Joint> {
  const ends = [...nodes.values()].filter(({ link }) => link.remote !== '');
  for (const [i, a] of ends.entries())
    for (const b of ends.slice(i + 1))
      if (a.link.kind === b.link.kind && a.link.tag === b.link.tag && faces(a, b) && faces(b, a))
        yield joint('tunnel', a, b);
}

const faces = (a: MapNode, b: MapNode): boolean =>
  b.link.local === a.link.remote ||
  (b.link.local === '' &&
    b.region.nodes.some(({ link }) => link.addresses.some((one) => one.split('/')[0] === a.link.remote)));

const joint = (kind: JointKind, from: MapNode, to: MapNode): Joint => ({
  key: `${kind} ${from.key} ${to.key}`,
  kind,
  from,
  to,
});

/** Whether the interface has its own place in the routing of its namespace: a port of a bridge or bond has not. */
export const routes = (node: MapNode): boolean => node.link.master === '';

/** `eth0 of web`. */
export const nodeName = ({ link, region }: MapNode): string => `${link.name} of ${region.title}`;
