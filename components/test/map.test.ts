/** Where the map puts things, how packets are counted on it, and how one is walked. */
import { describe, expect, it } from 'vitest';
import type { Link, Topology } from '../../core/messages/topology.ts';
import { NameBook } from '../../core/model/names.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { ROW, ROW_BYTES } from '../../core/wire/rows.ts';
import { buildGraph } from '../views/map/graph.ts';
import { layOutMap, type MapLayout } from '../views/map/layout.ts';
import { lengthOf, pathOf, pointAt } from '../views/map/route.ts';
import { countTraffic, netnsKey, packetsAt, type Rows } from '../views/map/traffic.ts';
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

describe('traffic', () => {
  const rowsOf = (
    given: readonly { from: [number, number]; to: [number, number]; drop?: boolean; ns?: number }[],
  ): Rows => {
    const view = new DataView(new ArrayBuffer(given.length * ROW_BYTES));
    given.forEach(({ from, to, drop = false, ns = 0 }, i) => {
      const at = i * ROW_BYTES;
      view.setFloat64(at + ROW.packet, i + 1, true);
      view.setFloat64(at + ROW.firstNs, ns, true);
      view.setUint32(at + ROW.firstNetns, from[0], true);
      view.setUint32(at + ROW.firstIfindex, from[1], true);
      view.setUint32(at + ROW.lastNetns, to[0], true);
      view.setUint32(at + ROW.lastIfindex, to[1], true);
      view.setUint8(at + ROW.verdict, drop ? VERDICT.dropped : VERDICT.delivered);
    });
    return { size: given.length, view, offsetOf: (i) => i * ROW_BYTES };
  };
  const graph = buildGraph(star(3), new NameBook());
  const ways = new Ways(graph);

  it('goes along the bridge between two of its ports, and not through the routing', () => {
    expect(ways.between(100, 2, 101, 2).nodes).toEqual(['100/2', '1/10', '1/3', '1/11', '101/2']);
    // out of the bridge the host routes
    expect(ways.between(100, 2, HOST, 2).nodes).toEqual(['100/2', '1/10', '1/3', '1/2']);
    expect(ways.between(100, 2, 999, 1).nodes).toEqual([]);
  });

  it('is counted at every interface between, drops where they were', () => {
    const rows = rowsOf([{ from: [100, 2], to: [101, 2] }, { from: [100, 2], to: [101, 2], drop: true }, { from: [100, 0], to: [100, 0], drop: true }]); // biome-ignore format: rows
    const { counts, packets, dropped, most } = countTraffic(rows, ways);
    expect([packets, dropped, most]).toEqual([3, 2, 2]);
    expect(counts.get('1/3')).toEqual({ packets: 2, dropped: 0 });
    expect(counts.get('101/2')).toEqual({ packets: 2, dropped: 1 });
    expect(counts.get('1/12')).toBeUndefined();
    expect(counts.get(netnsKey(100))).toEqual({ packets: 3, dropped: 1 });
    expect(packetsAt(rows, ways, { key: '1/3', droppedOnly: false }, 9)).toEqual([2, 1]);
    expect(packetsAt(rows, ways, { key: '101/2', droppedOnly: true }, 9)).toEqual([2]);
    expect(packetsAt(rows, ways, { key: netnsKey(100), droppedOnly: true }, 9)).toEqual([3]);
    expect(packetsAt(rows, ways, { key: netnsKey(HOST), droppedOnly: false }, 1)).toEqual([2]);
  });

  it('of the last seconds leaves out what is older', () => {
    const rows = rowsOf([{ from: [100, 2], to: [101, 2], ns: 1e9 }, { from: [100, 2], to: [101, 2], ns: 9e9 }]); // biome-ignore format: rows
    expect(countTraffic(rows, ways, 5e9).packets).toBe(1);
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
