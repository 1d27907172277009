/** What the path view says of a path: rows, lineage, details, and a timeline that keeps within its place. */
import { describe, expect, it } from 'vitest';
import { asKernelAddress } from '../../core/base/units.ts';
import { ancestorsOf, childrenOf, lineageNotes, originsOf } from '../../core/model/lineage.ts';
import { NameBook } from '../../core/model/names.ts';
import { L4_KIND, RELATION, TUNNEL } from '../../core/wire/layout.gen.ts';
import { pathText } from '../views/path/copy.ts';
import { decisionDetails, detailsText, hopDetails } from '../views/path/details.ts';
import { layOut } from '../views/path/layout.ts';
import { pathRows, rowIndexOf } from '../views/path/rows.ts';
import { decisionOf, hopOf, lineageOf, pathOf } from './paths.ts';

const names = new NameBook();
names.take({
  functions: [
    { id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true },
    { id: 2, name: 'nf_hook_slow', module: '', argument: 1, isDefault: true },
    { id: 3, name: 'fib_table_lookup', module: '', argument: 0, isDefault: false },
  ],
  namespaces: [{ inode: 1, name: 'web', origin: 'named', interfaces: [{ ifindex: 2, name: 'eth0' }] }],
});

describe('the rows of the hop table', () => {
  const path = pathOf({
    hops: [hopOf({ time: 100 }), hopOf({ time: 200, func: 2, depth: 2 }), hopOf({ time: 300 })],
    decisions: [
      decisionOf(-1, { time: 90 }),
      decisionOf(1, { time: 220 }),
      decisionOf(1, { time: 250, value: -1 }),
      decisionOf(2, { time: 310 }),
    ],
  });
  const rows = pathRows(path);

  it('have each decision right after the hop that it belongs to', () => {
    expect(rows.map((row) => `${row.kind} ${row.kind === 'hop' ? row.hop : row.decision}`)).toEqual([
      'decision 0', 'hop 0', 'hop 1', 'decision 1', 'decision 2', 'hop 2', 'decision 3',
    ]); // biome-ignore format: a list
    expect(rows[4]).toMatchObject({ hop: 1, depth: 2 });
  });

  it('have the time since the row above', () => {
    expect(rows.map(({ deltaNs }) => deltaNs)).toEqual([0, 10, 100, 20, 30, 50, 10]);
  });

  it('are found by what is selected', () => {
    expect(rowIndexOf(rows, 1, -1)).toBe(2);
    expect(rowIndexOf(rows, 1, 2)).toBe(4);
    expect(rowIndexOf(rows, -1, 0)).toBe(0);
    expect(rowIndexOf(rows, -1, -1)).toBe(-1);
  });

  it('mark a step that is far slower than the others', () => {
    const times = [0, 1000, 2000, 3000, 90_000];
    const slow = pathRows(pathOf({ hops: times.map((time) => hopOf({ time })) }));
    expect(slow.map((row) => row.kind === 'hop' && row.isSlow)).toEqual([false, false, false, false, true]);
  });

  it('note where a packet was cloned and its head was reallocated', () => {
    const noted = pathRows(
      pathOf({
        hops: [hopOf({ time: 100 }), hopOf({ time: 200 })],
        origins: [lineageOf(1, 1, RELATION.head, 150)],
        children: [lineageOf(1, 2, RELATION.clone, 210), lineageOf(1, 3, RELATION.clone, 220)],
      }),
    );
    expect(noted.map((row) => row.kind === 'hop' && row.notes)).toEqual([
      ['head reallocated'],
      ['clones #2, #3'],
    ]);
  });

  it('are copied as they stand, refusals marked', () => {
    const lines = pathText(path, names).split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[2]).toContain('nf_hook_slow');
    expect(lines[4]).toMatch(/ {2}x netfilter ip PREROUTING: DROP \(EPERM\)$/);
    expect(lines[3]).toMatch(/ {2}> netfilter ip PREROUTING: ACCEPT$/);
  });
});

describe('lineage', () => {
  it('groups relatives by how they are related, without reallocated heads', () => {
    const path = pathOf({
      origins: [lineageOf(1, 1, RELATION.head), lineageOf(9, 1, RELATION.clone)],
      children: [
        lineageOf(1, 5, RELATION.segment),
        lineageOf(1, 6, RELATION.segment),
        lineageOf(1, 4, RELATION.copy),
      ],
    });
    expect(originsOf(path)).toEqual([{ words: 'cloned from', packets: [9] }]);
    expect(childrenOf(path)).toEqual([
      { words: 'segments', packets: [5, 6] },
      { words: 'copy', packets: [4] },
    ]);
  });

  it('says which way things went where several became one', () => {
    expect(originsOf({ origins: [lineageOf(3, 1, RELATION.reassembly)] })[0]?.words).toBe('reassembled from');
    expect(childrenOf({ children: [lineageOf(1, 3, RELATION.merge)] })[0]?.words).toBe('merged into');
  });

  it('counts many instead of naming them', () => {
    const many = Array.from({ length: 40 }, (_, i) => lineageOf(1, i + 2, RELATION.segment));
    expect(lineageNotes([], many)).toEqual(['40 segments']);
  });

  it('follows ancestors as far as they are known, and ends where they go round', () => {
    const parents = new Map([[5, 3], [3, 2]]); // biome-ignore format: a table
    expect(ancestorsOf(5, (id) => parents.get(id) ?? 0)).toEqual([3, 2]);
    expect(ancestorsOf(5, () => 5)).toEqual([]);
  });
});

describe('the details of a hop', () => {
  const ip = { saddr: '10.0.0.1', daddr: '10.0.0.2', version: 4, protocol: 17, length: 100, id: 7, ttl: 63 };
  const l4 = {
    kind: L4_KIND.udp, sport: 4789, dport: 4789, tcpSeq: 0, tcpAck: 0, tcpWindow: 0, tcpFlags: 0,
    icmpType: 0, icmpCode: 0, icmpId: 0, icmpSeq: 0, arpOp: 0,
  }; // biome-ignore format: short
  const hop = hopOf({
    time: 5000,
    stack: 3,
    state: {
      device: 'eth0',
      ip: { ...ip, frag: 0x2000 | 185, tos: 0xb9 },
      l4,
      inner: {
        tunnel: TUNNEL.vxlan,
        vni: 42,
        ip: { ...ip, saddr: '192.168.7.2', frag: 0x4000, tos: 0 },
        l4: { ...l4, kind: L4_KIND.tcp, tcpFlags: 2, dport: 443 },
      },
      conntrack: { ct: asKernelAddress(`ffff${'0'.repeat(12)}`), status: 0x18a, mark: 0, info: 3 },
      owner: { pid: 0, uid: 0, cgroup: 0, comm: '' },
    },
  });
  const text = detailsText(hopDetails(hop, names, 1000));

  it('say where, what, and what a tunnel carries', () => {
    expect(text).toMatch(/function +ip_rcv\n/);
    expect(text).toMatch(/interface +eth0 \(2\)/);
    expect(text).toMatch(/at +\+4\.00 µs on CPU 0/);
    expect(text).toMatch(/Inside VXLAN VNI 42\n +from +192\.168\.7\.2/);
    expect(text).toMatch(/flags +SYN/);
  });

  it('say of a function that takes no skb that it is run for the packet', () => {
    expect(detailsText(hopDetails(hopOf({ time: 5000, func: 3 }), names, 1000))).toMatch(
      /function +fib_table_lookup\n.*\n +takes +no skb: it runs for this packet/,
    );
    expect(text).not.toContain('no skb');
  });

  it('read flags and bits as words', () => {
    expect(text).toMatch(/fragment +MF at 1480/);
    expect(text).toMatch(/fragment +DF\n/);
    expect(text).toMatch(/DSCP, ECN +46, 1/);
    expect(text).toMatch(/packet is +established reply/);
    expect(text).toMatch(/status +seen reply, confirmed, src nat done, dst nat done/);
  });

  it('leave out what is not there, and say when a stack has no names', () => {
    expect(text).not.toContain('Owner');
    expect(text).not.toContain('Route');
    expect(text).toMatch(/stack +3, its frames are not known/);
  });

  it('say what decided, with the rule', () => {
    const rule = { table: 'filter', chain: 'input', handle: 7 };
    expect(
      detailsText([decisionDetails(decisionOf(0, { decision: 2, pf: 10, hook: 1, value: 0, rule }), names)]),
    ).toMatch(/family +ip6\n +hook +INPUT\n +priority +0\n +table +filter\n +chain +input\n +rule +7/);
  });
});

describe('a timeline with little room', () => {
  const hops = [2, 3, 4, 5].flatMap((ifindex) =>
    [0, 4, 8].map((depth) => hopOf({ ifindex, depth, state: { device: `eth${ifindex}` } })),
  );

  it('gets lower, but its lanes stay readable and apart', () => {
    const roomy = layOut(hops, names, 'sequence');
    const tight = layOut(hops, names, 'sequence', roomy.height - 50);
    expect(tight.height).toBeLessThanOrEqual(roomy.height - 50);
    const least = layOut(hops, names, 'sequence', 10);
    expect(least.lanes[0]?.height).toBeGreaterThanOrEqual(32);
    expect(least.lanes.every((lane) => lane.height >= 20)).toBe(true);
    for (const mark of least.marks) {
      const lane = least.lanes[mark.lane];
      expect(mark.y).toBeGreaterThan(lane?.y ?? 0);
      expect(mark.y).toBeLessThan((lane?.y ?? 0) + (lane?.height ?? 0));
    }
  });

  it('is as it was where there is room', () => {
    expect(layOut(hops, names, 'sequence', 10_000)).toEqual(layOut(hops, names, 'sequence'));
  });
});
