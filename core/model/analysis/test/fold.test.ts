import { describe, expect, it } from 'vitest';
import { batch, free, type HopFields, hop, lineage } from '../../../wire/test/records.ts';
import { SessionAssembler } from '../../assembler.ts';
import { VERDICT } from '../../packet.ts';
import { PathFold } from '../fold.ts';
import { STEPS_MAX } from '../steps.ts';

const NAMES = ['ip_rcv', 'udp_rcv', 'ip_forward', 'dev_hard_start_xmit'];
const [RECEIVE, UDP, FORWARD, SEND] = [1, 2, 3, 4];
const WEB = 10;
const HOST = 20;

function session(...records: readonly Uint8Array[]): SessionAssembler {
  const made = new SessionAssembler();
  made.takeNames({
    functions: NAMES.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true })),
    reasons: [],
  });
  made.restart();
  made.take(batch(...records));
  return made;
}

/** A packet's hops, 100 ns apart from `time` on. */
const hops = (packet: number, time: number, ...steps: readonly HopFields[]): Uint8Array[] =>
  steps.map((step, i) => hop({ packet, time: time + 100 * i, netns: WEB, ifindex: 2, ...step }));

function fold(of: SessionAssembler, packets: readonly number[] | null = null, limits = {}) {
  const made = new PathFold(of, packets && Float64Array.from(packets), limits);
  while (!made.isDone) made.advance(1);
  return made.result();
}

describe('packets that went the same way', () => {
  it('are one path, whatever their time, CPU and addresses', () => {
    const { paths, packets } = fold(
      session(
        ...hops(1, 1000, { func: RECEIVE, cpu: 0 }, { func: UDP }),
        ...hops(
          2,
          5000,
          { func: RECEIVE, cpu: 3, ip: { saddr: [10, 0, 0, 1], daddr: [10, 0, 0, 2] } },
          { func: UDP, cpu: 1 },
        ),
        free({ packet: 2 }),
      ),
    );
    expect(packets).toBe(2);
    expect(paths).toHaveLength(1);
    expect(paths[0]).toMatchObject({ count: 2, firstNs: 1000, lastNs: 5000, samples: [2, 1] });
    expect(paths[0]?.verdicts[VERDICT.delivered]).toBe(1);
    expect(paths[0]?.verdicts[VERDICT.inFlight]).toBe(1);
  });

  it.each([
    ['another function', { func: FORWARD }],
    ['another namespace', { func: UDP, netns: HOST }],
    ['another interface', { func: UDP, ifindex: 3 }],
    ['a drop', { drop: { reason: 5, location: 1 } }],
  ])('are not those with %s', (_, other) => {
    const { paths } = fold(
      session(
        ...hops(1, 0, { func: RECEIVE }, { func: UDP }),
        ...hops(2, 0, { func: RECEIVE }, { ...other }),
      ),
    );
    expect(paths).toHaveLength(2);
    expect(new Set(paths.map(({ id }) => id)).size).toBe(2);
  });

  it('are told apart by the reason of their drops', () => {
    const { paths, exits } = fold(
      session(
        ...hops(1, 0, { func: RECEIVE }, { drop: { reason: 5, location: 1 } }),
        ...hops(2, 0, { func: RECEIVE }, { drop: { reason: 6, location: 1 } }),
        ...hops(3, 0, { func: RECEIVE }, { drop: { reason: 6, location: 2 } }),
      ),
    );
    expect(paths.map(({ count }) => count)).toEqual([2, 1]);
    expect(exits).toMatchObject([
      { from: 0, reason: 5, count: 1 },
      { from: 0, reason: 6, count: 2 },
    ]);
  });

  it('are the same when records of two CPUs came in another order', () => {
    const [first, second, third] = hops(1, 0, { func: RECEIVE }, { func: FORWARD }, { func: SEND });
    const straight = hops(2, 0, { func: RECEIVE }, { func: FORWARD }, { func: SEND });
    if (!first || !second || !third) throw new Error('three hops');
    expect(fold(session(...straight, first, third, second)).paths).toHaveLength(1);
  });

  it('are where the hop before was when a hop says no place', () => {
    const { paths } = fold(
      session(
        ...hops(1, 0, { func: RECEIVE, netns: 0, ifindex: 0 }, { func: UDP, netns: WEB, ifindex: 2 }),
        ...hops(2, 0, { func: RECEIVE, netns: WEB, ifindex: 0 }, { func: UDP, netns: 0, ifindex: 2 }),
      ),
    );
    expect(paths).toHaveLength(1);
  });

  it('keep their id from answer to answer', () => {
    const one = hops(1, 0, { func: RECEIVE }, { func: UDP });
    const [before] = fold(session(...one)).paths;
    const after = fold(session(...hops(7, 0, { func: SEND }), ...one)).paths;
    expect(after.map(({ id }) => id)).toContain(before?.id);
  });
});

describe('the graph', () => {
  it('has each function of a namespace once, with what went from one to the other and how long that took', () => {
    const { nodes, edges } = fold(
      session(
        ...hops(1, 0, { func: RECEIVE }, { func: FORWARD }, { func: RECEIVE, netns: HOST }),
        ...hops(2, 0, { func: RECEIVE }, { func: FORWARD, time: 5000 }),
        free({ packet: 2 }),
      ),
    );
    const at = (func: number, netns: number) =>
      nodes.findIndex((node) => node.func === func && node.netns === netns);
    expect(nodes).toHaveLength(3);
    expect(nodes[at(RECEIVE, WEB)]).toMatchObject({ count: 2, starts: 2, ends: 0, place: 0 });
    expect(nodes[at(FORWARD, WEB)]).toMatchObject({ count: 2, ends: 1, place: 1 });
    const edge = edges.find(({ from, to }) => from === at(RECEIVE, WEB) && to === at(FORWARD, WEB));
    expect(edge?.count).toBe(2);
    // within a bucket of 100 and of 5,000 ns
    expect(Math.abs((edge?.p50Ns ?? 0) / 100 - 1)).toBeLessThan(0.07);
    expect(Math.abs((edge?.p99Ns ?? 0) / 5000 - 1)).toBeLessThan(0.07);
  });

  it('says where a function is met first, however often after that', () => {
    const { nodes } = fold(
      session(...hops(1, 0, { func: RECEIVE }, { func: UDP }, { func: FORWARD }, { func: UDP })),
    );
    expect(nodes.find(({ func }) => func === UDP)).toMatchObject({ count: 2, place: 1 });
  });

  it('is told in the same order whatever came first', () => {
    const one = hops(1, 0, { func: RECEIVE }, { func: SEND }, { func: UDP, netns: HOST });
    const other = hops(2, 0, { func: UDP, netns: HOST }, { func: FORWARD });
    const shape = ({ nodes, edges }: ReturnType<typeof fold>) => [
      nodes.map(({ func, netns }) => [func, netns]),
      edges.map(({ from, to }) => [from, to]),
    ];
    expect(shape(fold(session(...one, ...other)))).toEqual(shape(fold(session(...other, ...one))));
    const { steps, nodes } = fold(session(...other, ...one));
    for (const step of steps) expect(nodes[step.node]).toMatchObject({ func: step.func, netns: step.netns });
  });

  it('has a place before a drop that is the first we saw', () => {
    const { nodes, exits } = fold(session(...hops(1, 0, { drop: { reason: 2, location: 1 } })));
    expect(nodes).toMatchObject([{ func: 0, netns: WEB, count: 0 }]);
    expect(exits).toMatchObject([{ from: 0, reason: 2, count: 1 }]);
  });
});

describe('what is left out', () => {
  it('is counted: older than the newest that are folded', () => {
    const five = [1, 2, 3, 4, 5].flatMap((packet) => hops(packet, packet, { func: packet % 3 }));
    const kept = fold(session(...five), null, { maxPackets: 2 });
    expect(kept).toMatchObject({ packets: 2, leftOut: { older: 3 } });
    expect(kept.paths.flatMap(({ samples }) => samples)).toEqual([5, 4]);
    expect(fold(session(...five), [1, 2, 3], { maxPackets: 2 })).toMatchObject({
      packets: 2,
      leftOut: { older: 1 },
    });
  });

  it('is counted: packets without hops, or that are gone', () => {
    const { leftOut } = fold(
      session(...hops(1, 0, { func: 1 }), lineage({ packet: 2, parent: 1 })),
      [1, 2, 99],
    );
    expect(leftOut).toEqual({ older: 0, truncated: 0, withoutHops: 2, beyond: 0 });
  });

  it('is counted: paths beyond those kept, and paths without end', () => {
    const three = [1, 2, 3].flatMap((packet) => hops(packet, 0, { func: packet }));
    expect(fold(session(...three), null, { maxPaths: 2 })).toMatchObject({
      packets: 2,
      leftOut: { beyond: 1 },
    });
    const endless = Array.from({ length: STEPS_MAX + 1 }, (): HopFields => ({ func: 1 }));
    expect(fold(session(...hops(1, 0, ...endless))).leftOut.beyond).toBe(1);
  });

  it('is counted: packets whose first hops are no longer in memory', () => {
    const small = new SessionAssembler({ budgetBytes: 2048 });
    small.restart();
    small.take(batch(...hops(1, 0, { func: 1 })));
    for (let i = 0; i < 50; i += 1) small.take(batch(...hops(1, i * 1000, { func: 2 })));
    small.take(batch(...hops(2, 0, { func: 3 })));
    expect(fold(small)).toMatchObject({ packets: 1, leftOut: { truncated: 1 } });
  });
});

it('reads nothing of other packets that lineage records name', () => {
  const { paths } = fold(
    session(
      ...hops(1, 0, { func: RECEIVE }),
      lineage({ packet: 2, parent: 1, time: 5 }),
      ...hops(2, 10, { func: UDP }),
    ),
  );
  expect(paths.map(({ steps }) => steps.length)).toEqual([1, 1]);
});
