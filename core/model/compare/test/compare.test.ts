import { describe, expect, it } from 'vitest';
import { SessionAssembler } from '../../assembler.ts';
import { PlaceTable } from '../../latency/places.ts';
import { VERDICT } from '../../packet.ts';
import { type RecordingName, readFrames } from '../../test/recording.ts';
import { compareSides, counted, isChance } from '../compare.ts';
import { type NamedStep, SERVICES_MAX, type Side } from '../side.ts';
import { SideFold } from '../side-fold.ts';
import { ComparedWays, probedByOne, type WayMatch, weight } from '../ways.ts';

const ANY: WayMatch = { withPlaces: false, ignored: new Set() };
const PLACES: WayMatch = { withPlaces: true, ignored: new Set() };

/** Each with where it parts. */
function compareWays(a: Side, b: Side, match: WayMatch) {
  const ways = new ComparedWays(a, b, match);
  return ways.all.map((way) => ({ ...way, parting: ways.parting(way) }));
}

/** A capture of a real kernel as a session makes a side of it. */
function sideOf(recording: RecordingName, maxPackets?: number): Side {
  const { names, batches } = readFrames(recording);
  const functions = [...names.functions.values()];
  const session = new SessionAssembler();
  session.takeNames({ functions, reasons: names.reasons });
  session.restart();
  for (const batch of batches) session.take(batch);
  names.take({ symbols: session.symbols });
  const places = new PlaceTable();
  places.take(functions);
  const fold = new SideFold(session, places, names, maxPackets === undefined ? {} : { maxPackets });
  while (!fold.isDone) fold.advance(10);
  return fold.result();
}

const hop = (func: string, netns = 'web', device = 'eth0'): NamedStep => ({
  func,
  reason: '',
  netns,
  device,
});
const drop = (reason: string, netns = 'web', device = 'eth0'): NamedStep => ({
  func: '',
  reason,
  netns,
  device,
});

interface Path {
  readonly steps: readonly NamedStep[];
  readonly count?: number;
  readonly p50Ns?: number;
  readonly verdict?: number;
}

/** A side that has these paths and nothing else. */
function withPaths(...paths: readonly Path[]): Side {
  const steps = paths.flatMap((path) => path.steps);
  let next = 0;
  return {
    packets: 0, fromNs: 0, toNs: 0, verdicts: [], causes: [],
    folded: paths.reduce((sum, { count = 1 }) => sum + count, 0),
    leftOut: { older: 0, truncated: 0, withoutHops: 0, beyond: 0 },
    steps,
    paths: paths.map(({ steps: own, count = 1, p50Ns = 1000, verdict = VERDICT.delivered }, i) => ({
      id: i + 1,
      steps: own.map(() => next++),
      count,
      verdicts: [0, 0, 0, 0, 0].map((_, at) => (at === verdict ? count : 0)),
      p50Ns,
      p99Ns: p50Ns,
    })),
    timed: 0, whole: undefined, times: [], services: [],
  }; // biome-ignore format: short
}

describe('a capture of a real kernel', () => {
  const capture = sideOf('capture');

  it('is told whole, by names', () => {
    expect(capture.packets).toBe(105);
    expect(capture.verdicts.reduce((sum, count) => sum + count, 0)).toBe(105);
    expect(capture.paths.reduce((sum, { count }) => sum + count, 0)).toBe(capture.folded);
    expect(capture.causes).toContainEqual({ reason: 'NETFILTER_DROP', func: 'nft_do_chain', count: 6 });
    expect(capture.causes.reduce((sum, { count }) => sum + count, 0)).toBe(capture.verdicts[VERDICT.dropped]);
    expect(new Set(capture.steps.map(({ netns }) => netns))).toContain('web');
    expect(capture.steps.every(({ func, reason }) => (func === '') !== (reason === ''))).toBe(true);
    expect(capture.times.map(({ place }) => place)).toEqual(expect.arrayContaining(['netfilter', 'ip']));
  });

  it('has the services that packets were sent to, under the ports of who was asked', () => {
    const named = capture.services.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`);
    expect(named).toEqual(
      expect.arrayContaining(['TCP 192.0.2.1 8080', 'UDP 10.1.0.3 9999', 'ICMP 10.1.0.3 0']),
    );
    expect(capture.services.find(({ port }) => port === 9999)).toMatchObject({ packets: 3, dropped: 3 });
    expect(named.length).toBeLessThanOrEqual(SERVICES_MAX);
  });

  it('differs in nothing from itself', () => {
    const { verdicts, causes, ways, times, services } = compareSides(capture, sideOf('capture'), PLACES);
    expect(new Set(ways.all.map(({ kind }) => kind))).toEqual(new Set(['both']));
    expect(ways.all.map(weight).filter((one) => one > 0)).toEqual([]);
    for (const { a, b } of [...verdicts, ...causes]) expect(a).toEqual(b);
    for (const { aPacketNs, bPacketNs } of times) expect(aPacketNs).toBe(bPacketNs);
    for (const { a, b } of services) expect(a).toEqual(b);
  });

  it('counts all packets also where not all are folded into paths, and says how many are not', () => {
    const newest = sideOf('capture', 40);
    expect(newest.packets).toBe(105);
    expect(newest.verdicts).toEqual(capture.verdicts);
    expect(newest.leftOut.older).toBe(65);
    expect(newest.folded).toBeLessThanOrEqual(40);
  });

  it('has what another one has not', () => {
    const { services, ways } = compareSides(capture, sideOf('tasks'), ANY);
    expect(services[0]).toMatchObject({ a: undefined, what: { address: '10.96.0.10', port: 7001 } });
    for (const way of ways.all) {
      const parting = ways.parting(way);
      if (way.kind !== 'onlyB' || parting?.kind !== 'parts') continue;
      const { after, here, there, other } = parting;
      const at = way.b.steps.indexOf(here ?? after);
      expect(way.b.steps[at - (here === undefined ? 0 : 1)]).toBe(after);
      if (there !== undefined) expect(other.steps).toContain(there);
      expect(here).not.toEqual(there);
    }
    expect(ways.all.filter(({ kind }) => kind !== 'both').length).toBeGreaterThan(0);
  });
});

describe('paths', () => {
  const [rcv, forward, out] = ['ip_rcv', 'ip_forward', 'ip_output'].map((func) => hop(func));
  if (rcv === undefined || forward === undefined || out === undefined) throw new Error('three steps');

  it('of two hosts are the same under other names of namespaces and interfaces, unless these are to count', () => {
    const one = withPaths({ steps: [hop('ip_rcv', 'web', 'eth0'), hop('ip_forward', 'host', 'veth1')] });
    const other = withPaths({ steps: [hop('ip_rcv', 'pod-7', 'eth0'), hop('ip_forward', 'node', 'cali7')] });
    expect(compareWays(one, other, ANY).map(({ kind }) => kind)).toEqual(['both']);
    expect(compareWays(one, other, PLACES).map(({ kind }) => kind)).toEqual(['onlyA', 'onlyB']);
    const inOne = withPaths({ steps: [hop('ip_rcv', 'web'), hop('ip_forward', 'web')] });
    expect(compareWays(one, inOne, ANY).map(({ kind }) => kind)).toEqual(['onlyA', 'onlyB']);
  });

  it('that only one has part where the others go on, from the one that most packets took', () => {
    const before = withPaths(
      { steps: [rcv, forward, out], count: 9 },
      { steps: [rcv, forward, drop('PKT_TOO_BIG')], count: 1, verdict: VERDICT.dropped },
    );
    const after = withPaths({ steps: [rcv, drop('NETFILTER_DROP')], count: 10, verdict: VERDICT.dropped });
    const ways = compareWays(before, after, ANY);
    expect(ways.map(({ kind }) => kind)).toEqual(['onlyB', 'onlyA', 'onlyA']);
    expect(ways[0]).toMatchObject({
      b: { share: 1, verdict: 'dropped', reason: 'NETFILTER_DROP' },
      parting: {
        kind: 'parts',
        after: rcv,
        here: drop('NETFILTER_DROP'),
        there: forward,
        other: { count: 9 },
      },
    });
  });

  it('that begin as no other are held against the one that has most of their steps', () => {
    const before = withPaths(
      { steps: [hop('udp_rcv')], count: 5 },
      { steps: [hop('tun_rx'), rcv, forward, out] },
    );
    const [way] = compareWays(before, withPaths({ steps: [hop('veth_xmit'), rcv, forward, out] }), ANY);
    expect(way).toMatchObject({
      kind: 'onlyB',
      parting: { kind: 'otherwise', alike: 3, other: { steps: [hop('tun_rx'), rcv, forward, out] } },
    });
  });

  it('are not held against a recording that has none', () => {
    expect(compareWays(withPaths({ steps: [rcv] }), withPaths(), ANY)).toMatchObject([
      { kind: 'onlyA', parting: undefined },
    ]);
  });

  it('differ by no function that only one recording had probed', () => {
    const ignored = probedByOne(['ip_rcv', 'ip_output'], ['ip_rcv', 'ip_forward', 'ip_output']);
    expect([...ignored]).toEqual(['ip_forward']);
    const ways = compareWays(withPaths({ steps: [rcv, out] }), withPaths({ steps: [rcv, forward, out] }), {
      withPlaces: false,
      ignored,
    });
    expect(ways.map(({ kind }) => kind)).toEqual(['both']);
    expect([...probedByOne(undefined, ['ip_rcv'])]).toEqual([]);
  });

  it('that become one under the same names are counted together', () => {
    const two = withPaths(
      { steps: [hop('ip_rcv', 'a'), out], count: 2, p50Ns: 5 },
      { steps: [hop('ip_rcv', 'b'), out], count: 3, p50Ns: 7, verdict: VERDICT.consumed },
    );
    expect(compareWays(two, two, ANY)).toMatchObject([
      { kind: 'both', a: { id: 2, paths: 2, count: 5, share: 1, isMixed: true, p50Ns: 7 } },
    ]);
  });

  it('that changed most come first: in packets, or in time', () => {
    const side = (share: number, p50Ns: number) =>
      withPaths(
        { steps: [rcv], count: share },
        { steps: [forward], count: 60, p50Ns },
        { steps: [out], count: 40 - share },
      );
    const order = (a: Side, b: Side) => compareWays(a, b, ANY).map((way) => way.a?.steps[0]?.func);
    expect(order(side(20, 1000), side(20, 100_000))[0]).toBe('ip_forward');
    expect(order(side(10, 1000), side(20, 1000))[2]).toBe('ip_forward');
    // a few hundred ns are how exactly a path is timed
    expect(compareWays(side(20, 1000), side(20, 1900), ANY).map(weight)).toEqual([0, 0, 0]);
  });

  it('of a recording made to have no end of steps are compared in bounds', { timeout: 60_000 }, () => {
    // as many steps and paths as an analysis gives: 2,000 paths of 1,024 steps each
    const steps = (letter: string) => Array.from({ length: 4096 }, (_, i) => hop(`${letter}${i}`));
    const long = (letter: string): Side => ({
      ...withPaths(),
      folded: 2000,
      steps: steps(letter),
      paths: Array.from({ length: 2000 }, (_, id) => ({
        id,
        steps: Array.from({ length: 1024 }, (__, at) => (id * 7 + at * (1 + (id % 3))) % 4096),
        count: 1,
        verdicts: [1, 0, 0, 0, 0],
        p50Ns: 1,
        p99Ns: 1,
      })),
    });
    const ways = new ComparedWays(long('a'), long('b'), ANY);
    expect(ways.all).toHaveLength(4000);
    expect(ways.all[0] && ways.parting(ways.all[0])).toMatchObject({ kind: 'otherwise', alike: 0 });
  });
});

it.each([
  [3, 105, 2, 112, true],
  [0, 105, 0, 112, true],
  [300, 10_000, 200, 10_000, false],
  [0, 100, 20, 100, false],
  [0, 0, 0, 0, true],
])('%i of %i against %i of %i: may it be chance? %s', (a, ofA, b, ofB, may) => {
  expect(isChance({ a: counted(a, ofA), b: counted(b, ofB) })).toBe(may);
});
