/** Where the map puts things, how packets are counted on it, and how one is walked. */
import { describe, expect, it } from 'vitest';
import type { Link, Topology } from '../../core/messages/topology.ts';
import { compileDisplay } from '../../core/model/display/compile.ts';
import { NameBook } from '../../core/model/names.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { readRows } from '../../core/model/test/recording.ts';
import { ROW, ROW_BYTES } from '../../core/wire/rows.ts';
import type { Target } from '../views/map/chart.ts';
import { buildGraph, type MapGraph } from '../views/map/graph.ts';
import { layOutMap, type MapLayout } from '../views/map/layout.ts';
import { lengthOf, pathOf, pointAt } from '../views/map/route.ts';
import { netnsKey, Sights } from '../views/map/sights.ts';
import { targetTerm } from '../views/map/term.ts';
import { countTraffic, packetsAt, type Rows } from '../views/map/traffic.ts';
import { walk } from '../views/map/walk.ts';
import { Ways } from '../views/map/ways.ts';

const link = (ifindex: number, name: string, more: Partial<Link> = {}): Link => ({
  ifindex, name, kind: 'veth', isUp: true, hasCarrier: true, mac: '', mtu: 1500, addresses: [], master: '', tag: '',
  local: '', remote: '', notes: [], ...more,
}); // biome-ignore format: short
const HOST = 1;

/** A host with a bridge, and `count` namespaces plugged into that. */
function star(count: number, extra: readonly Link[] = []): Topology {
  const inodes = Array.from({ length: count }, (_, i) => 100 + i);
  const place = (inode: number, name: string, links: Link[]) => ({
    inode,
    name,
    cgroup: 0,
    links,
    defaultRoutes: [],
    problem: '',
  });
  return {
    namespaces: [
      place(HOST, 'host', [
        link(1, 'lo', { kind: 'loopback' }),
        link(2, 'eth0', { kind: 'physical' }),
        link(3, 'br0', { kind: 'bridge' }),
        ...inodes.map((inode, i) =>
          link(10 + i, `v${i}`, { master: 'br0', far: { ifindex: 2, netns: inode } }),
        ),
        ...extra,
      ]),
      ...inodes.map((inode, i) =>
        place(inode, `ns${i}`, [link(2, 'eth0', { far: { ifindex: 10 + i, netns: HOST } })]),
      ),
    ],
    beyond: { namespaces: 0, links: 0 },
  };
}
const layoutOf = (topology: Topology, known: MapLayout['places'] = new Map()) =>
  layOutMap(buildGraph(topology, new NameBook()), known);
const boxOf = (layout: MapLayout, name: string) => {
  const box = layout.boxes.find(({ region }) => region.name === name);
  if (box === undefined) throw new Error(name);
  return box;
};

describe('the layout', () => {
  it('puts each namespace right below the port that it is plugged into', () => {
    const layout = layoutOf(star(3));
    for (let i = 0; i < 3; i += 1) {
      const [port, end] = [layout.spots.get(`1/${10 + i}`), layout.spots.get(`${100 + i}/2`)];
      expect(end?.x).toBe(port?.x);
      expect(end?.y).toBeGreaterThan(port?.y ?? Number.NaN);
    }
    expect(
      layout.wires.filter(({ joint }) => joint.kind === 'wire').every(({ points }) => points.length === 2),
    ).toBe(true);
  });

  it.each([1, 4, 7, 60, 300])(
    'lets no two of %i namespaces touch, and is about as wide as a page',
    (count) => {
      const { boxes, bounds } = layoutOf(star(count));
      const overlapping = boxes.flatMap((a, i) =>
        boxes
          .slice(i + 1)
          .filter(
            (b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
          ),
      );
      expect(overlapping).toEqual([]);
      if (count >= 60) expect(bounds.width / bounds.height).toBeLessThan(6);
    },
  );

  it('keeps every place when an interface or a namespace comes', () => {
    const before = layoutOf(star(5));
    const after = layoutOf(star(6, [link(90, 'dummy0', { kind: 'dummy' })]), before.places);
    for (const { region, x, y } of before.boxes) expect(boxOf(after, region.name)).toMatchObject({ x, y });
    expect(after.boxes.some(({ region }) => region.name === 'ns5')).toBe(true);
  });

  it('is the same each time', () => {
    expect([...layoutOf(star(20)).places]).toEqual([...layoutOf(star(20)).places]);
  });

  it('leaves loopback and the tunnels that came by themselves out, and keeps one that is used', () => {
    const links = [link(80, 'gre0', { kind: 'gre', isUp: false }), link(81, 'tunl0', { kind: 'ipip' })];
    const { graph } = layoutOf(star(1, links));
    expect([...graph.nodes.values()].map((node) => node.link.name).sort()).toEqual([
      'br0',
      'eth0',
      'eth0',
      'tunl0',
      'v0',
    ]);
  });
});

interface Seen {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** Number of its path; none without. */
  readonly path?: number;
  readonly drop?: boolean;
  readonly ns?: number;
}

function rowsOf(given: readonly Seen[]): Rows {
  const view = new DataView(new ArrayBuffer(given.length * ROW_BYTES));
  given.forEach(({ from, to, path = 0, drop = false, ns = 0 }, i) => {
    const at = i * ROW_BYTES;
    view.setFloat64(at + ROW.packet, i + 1, true);
    view.setFloat64(at + ROW.firstNs, ns, true);
    view.setUint32(at + ROW.firstNetns, from[0], true);
    view.setUint32(at + ROW.firstIfindex, from[1], true);
    view.setUint32(at + ROW.lastNetns, to[0], true);
    view.setUint32(at + ROW.lastIfindex, to[1], true);
    view.setUint32(at + ROW.path, path, true);
    view.setUint8(at + ROW.verdict, drop ? VERDICT.dropped : VERDICT.delivered);
  });
  return { size: given.length, view, offsetOf: (i) => i * ROW_BYTES };
}

/** A book with the star's names, and paths through these interfaces, numbered from 1. */
function bookOf(topology: Topology, paths: readonly (readonly (readonly [number, number])[])[]): NameBook {
  const book = new NameBook();
  const words = paths.flatMap((steps) => [steps.length, ...steps.flatMap(([netns, ifindex]) => [1, netns, ifindex])]);
  book.take({
    namespaces: topology.namespaces.map(({ inode, name, links }) => ({ inode, name, origin: 'named', interfaces: links })),
    topology,
    paths: { session: 1, first: 1, words: Uint32Array.from(words).buffer },
  });
  return book;
} // biome-ignore format: chains

/** All that can be pointed at on a map, with the key under which it is counted. */
const targetsOf = ({
  regions,
  nodes,
  joints,
}: MapGraph): { readonly target: Target; readonly key: string }[] => [
  ...regions.map(({ inode }) => ({ target: { kind: 'region', inode } as const, key: netnsKey(inode) })),
  ...[...nodes.keys()].map((key) => ({ target: { kind: 'node', key } as const, key })),
  ...joints.map(({ key }) => ({ target: { kind: 'joint', key } as const, key })),
];

/** Packets that the display filter of a target lists, newest first. */
function listed(rows: Rows, term: string | undefined, book: NameBook): number[] {
  if (term === undefined) throw new Error('no filter leads there');
  const compiled = compileDisplay(term, { book, originNs: 0 });
  if (!compiled.ok || compiled.value === null) throw new Error(`${term} is no filter`);
  const passes = compiled.value;
  return Array.from({ length: rows.size }, (_, i) => rows.offsetOf(i))
    .filter((at) => passes(rows.view, at))
    .map((at) => rows.view.getFloat64(at + ROW.packet, true))
    .reverse();
}

describe('traffic', () => {
  const topology = star(3);
  const ACROSS = [[100, 2], [HOST, 10], [HOST, 11], [101, 2]] as const; // biome-ignore format: a way
  const book = bookOf(topology, [ACROSS, [...ACROSS.slice(0, 2), [HOST, 3], [HOST, 2]]]);
  const graph = buildGraph(topology, book);
  const ways = new Ways(graph);
  const sights = new Sights(graph, book);
  const across = { from: ACROSS[0], to: ACROSS[3], path: 1 };

  it('goes along the bridge between two of its ports, and not through the routing', () => {
    expect(ways.between(100, 2, 101, 2).nodes).toEqual(['100/2', '1/10', '1/3', '1/11', '101/2']);
    // out of the bridge the host routes
    expect(ways.between(100, 2, HOST, 2).nodes).toEqual(['100/2', '1/10', '1/3', '1/2']);
    expect(ways.between(100, 2, 999, 1).nodes).toEqual([]);
  });

  it('is counted wherever a packet was on its way, drops where they were', () => {
    const rows = rowsOf([across, { ...across, drop: true }, { from: [100, 0], to: [100, 0], drop: true }]);
    const { counts, packets, dropped, most, endsOnly } = countTraffic(rows, null, sights);
    expect([packets, dropped, most, endsOnly]).toEqual([3, 2, 2, 1]);
    // a bridge's packets are those of its ports: it need not be seen itself
    for (const key of ['1/10', '1/3', '1/11', 'wire 1/10 100/2', 'port 1/10 1/3', 'port 1/11 1/3'])
      expect(counts.get(key), key).toEqual({ packets: 2, dropped: 0 });
    expect(counts.get('101/2')).toEqual({ packets: 2, dropped: 1 });
    expect(counts.get('1/12')).toBeUndefined();
    expect(counts.get('1/2')).toBeUndefined();
    expect(counts.get(netnsKey(100))).toEqual({ packets: 3, dropped: 1 });
    const at = (key: string, droppedOnly: boolean, max = 9) =>
      packetsAt(rows, null, sights, { key, droppedOnly }, max);
    expect(at('1/3', false)).toEqual([2, 1]);
    expect(at('101/2', true)).toEqual([2]);
    expect(at(netnsKey(100), true)).toEqual([3]);
    expect(at(netnsKey(HOST), false, 1)).toEqual([2]);
  });

  it('is not counted where a packet of unknown path may have been', () => {
    const { counts } = countTraffic(rowsOf([{ ...across, path: 0 }]), null, sights);
    expect([...counts.keys()].sort()).toEqual(['100/2', '101/2', netnsKey(100), netnsKey(101)]);
  });

  it('of the last seconds leaves out what is older, and what the display filter does not let through', () => {
    const rows = rowsOf([
      { ...across, ns: 1e9 },
      { ...across, ns: 9e9 },
      { ...across, ns: 9e9, path: 0 },
    ]);
    const recent = { fromNs: 5e9, toNs: 10e9 };
    expect(countTraffic(rows, null, sights, recent)).toMatchObject({ packets: 2, within: recent });
    expect(countTraffic(rows, Uint32Array.of(0, 1), sights, recent).packets).toBe(1);
    expect(countTraffic(rows, null, sights).within).toBeNull();
    // a packet that came behind the present that was told is counted, so the range has it
    const told = { fromNs: 3e9, toNs: 8e9 };
    expect(countTraffic(rows, null, sights, told)).toMatchObject({
      packets: 2,
      within: { fromNs: 3e9, toNs: 9e9 + 1 },
    });
    expect(packetsAt(rows, Uint32Array.of(0), sights, { key: '1/3', droppedOnly: false }, 9)).toEqual([1]);
  });

  it('follows the paths that numbers stand for, when they stand for others', () => {
    const own = bookOf(topology, [ACROSS]);
    const made = new Sights(graph, own);
    const rows = rowsOf([across]);
    expect(countTraffic(rows, null, made).counts.get('1/2')).toBeUndefined();
    own.take({ paths: { session: 2, first: 1, words: Uint32Array.of(1, 1, HOST, 2).buffer } });
    expect(countTraffic(rows, null, made).counts.get('1/2')?.packets).toBe(1);
  });
});

describe.each(['capture', 'tasks'] as const)('on the map of the recording %s', (recording) => {
  const { names, rows: packed } = readRows(recording);
  const view = new DataView(packed.buffer);
  const rows: Rows = { size: packed.byteLength / ROW_BYTES, view, offsetOf: (i) => i * ROW_BYTES };
  if (names.topology === undefined) throw new Error('the recording has no topology');
  const graph = buildGraph(names.topology, names);
  const sights = new Sights(graph, names);
  const traffic = countTraffic(rows, null, sights);
  const targets = targetsOf(graph);

  it('counts at every interface, wire and namespace what its display filter lists', () => {
    const differing = targets.flatMap(({ target, key }) =>
      [false, true].flatMap((droppedOnly) => {
        if (droppedOnly && target.kind === 'joint') return [];
        const count = traffic.counts.get(key);
        const term = targetTerm(target, graph, droppedOnly, names);
        const packets = listed(rows, term, names);
        const here = packetsAt(rows, null, sights, { key, droppedOnly }, Number.POSITIVE_INFINITY);
        const counted = (droppedOnly ? count?.dropped : count?.packets) ?? 0;
        return counted === packets.length && String(here) === String(packets)
          ? []
          : [`${term}: ${counted} counted, ${here.length} here, ${packets.length} listed`];
      }),
    );
    expect(differing).toEqual([]);
  });

  it('has packets on most of it, and drops', () => {
    const busy = targets.filter(({ key }) => (traffic.counts.get(key)?.packets ?? 0) > 0);
    expect(busy.length).toBeGreaterThan(targets.length / 2);
    expect([...traffic.counts.values()].some(({ dropped }) => dropped > 0)).toBe(true);
    expect(traffic.packets).toBe(rows.size);
  });
});

it('a line has rounded corners, a length, and points on it', () => {
  const corner = [[0, 0], [0, 10], [10, 10]] as const; // biome-ignore format: points
  expect(lengthOf(corner)).toBe(20);
  expect(pointAt(corner, 15)).toEqual([5, 10]);
  expect(pointAt(corner, 99)).toEqual([10, 10]);
  expect(pathOf(corner, 4)).toBe('M0,0L0,6Q0,10 4,10L10,10');
});

it('arrows lead to the nearest thing in their direction, and to none at an edge', () => {
  const layout = layoutOf(star(3));
  expect(walk(layout, undefined, 'down')).toEqual({ kind: 'region', inode: HOST });
  expect(walk(layout, { kind: 'node', key: '1/10' }, 'down')).toEqual({ kind: 'node', key: '100/2' });
  expect(walk(layout, { kind: 'node', key: '1/10' }, 'right')).toEqual({ kind: 'node', key: '1/11' });
  expect(walk(layout, { kind: 'node', key: '102/2' }, 'down')).toBeUndefined();
});
