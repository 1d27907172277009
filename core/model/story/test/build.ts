/** Paths for the tests of stories: a line for each hop, changes between them found as the reader finds them. */
import { asFuncId, asKernelAddress, asNetnsInode, asNs, asPacketId } from '../../../base/units.ts';
import { type DecisionFields, decision } from '../../diagnosis/test/build.ts';
import type { Hop, Lineage, PacketState, Path } from '../../hop.ts';
import { NameBook } from '../../names.ts';
import { changesBetween } from '../../sections.ts';

export interface Line {
  /** Function; or the reason and function of a drop. */
  readonly at: string | readonly [reason: string, symbol: string];
  readonly netns?: number;
  readonly device?: string;
  /** Added to what was known. */
  readonly state?: PacketState;
  /** Time since the line before, 1 µs when not given. */
  readonly afterNs?: number;
  readonly pid?: number;
}

export interface Told {
  readonly lines: readonly Line[];
  /** `index` is of the hop before. */
  readonly decisions?: readonly DecisionFields[];
  readonly children?: readonly (readonly [packet: number, relation: number, afterHop: number])[];
  readonly origins?: readonly (readonly [parent: number, relation: number])[];
  readonly ended?: 'in order' | 'dropped';
}

const PACKET = asPacketId(5);
const NAMES = ['host', 'web', 'db'];
const DEVICES = ['lo', 'eth0', 'eth1', 'br0', 'vweb', 'vdb', 'vx0', 'eth0.10'];
const LOCATION = asKernelAddress('ffffffff81000000');
const base = (timeNs: number, index: number) => ({
  index,
  timeNs: asNs(timeNs),
  deltaNs: asNs(0),
  cpu: 0,
  seq: index,
  generation: 1,
});

/** Namespaces: 1 the host, 2 web, 3 db. */
export function build(told: Told): { readonly path: Path; readonly names: NameBook } {
  const functions = [...new Set(told.lines.map(({ at }) => (typeof at === 'string' ? at : '')))];
  const drop = told.lines.map(({ at }) => at).find((at) => typeof at !== 'string');
  const names = new NameBook();
  names.take({
    functions: functions.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true })),
    namespaces: NAMES.map((name, i) => ({
      inode: i + 1,
      name,
      origin: i === 0 ? 'host' : 'named',
      interfaces: DEVICES.map((device, j) => ({ ifindex: j + 1, name: device })),
    })),
    ...(typeof drop === 'object' && {
      reasons: [{ value: 77, name: drop[0] }],
      symbols: [{ address: LOCATION, name: drop[1], module: '', offset: 1 }],
    }),
  });
  let timeNs = 0;
  let before: PacketState = {};
  const hops = told.lines.map(({ at, netns = 1, device = '', state = {}, afterNs, pid = 0 }, i): Hop => {
    timeNs += i === 0 ? 0 : (afterNs ?? 1000);
    const now = { ...before, device, ...state };
    const changes = i === 0 ? [] : changesBetween(before, now);
    before = now;
    const place = {
      ...base(timeNs, i),
      packet: PACKET,
      skb: asKernelAddress('ffff888000000000'),
      netns: asNetnsInode(netns),
      ifindex: device === '' ? 0 : DEVICES.indexOf(device) + 1,
      pid,
      state: now,
      carried: 0,
      changes,
      depth: 0,
      pidMatch: { owner: false, current: false },
      stack: undefined,
    };
    return typeof at === 'string'
      ? { ...place, kind: 'hop', func: asFuncId(functions.indexOf(at) + 1) }
      : { ...place, kind: 'drop', reason: 77, location: LOCATION };
  });
  const lineage = (packet: number, parent: number, relation: number, time: number): Lineage => ({
    ...base(time, 0),
    kind: 'lineage',
    packet: asPacketId(packet),
    parent: asPacketId(parent),
    relation,
  });
  const path: Path = {
    packet: PACKET,
    hops,
    decisions: (told.decisions ?? []).map((fields) => decision(fields)),
    parent: asPacketId(0),
    relation: 0,
    origins: (told.origins ?? []).map(([parent, relation]) => lineage(5, parent, relation, 0)),
    children: (told.children ?? []).map(([packet, relation, hop]) =>
      lineage(packet, 5, relation, hops[hop]?.timeNs ?? 0),
    ),
    free:
      told.ended === undefined
        ? undefined
        : {
            ...base(timeNs + 500, hops.length),
            kind: 'free',
            packet: PACKET,
            dropped: told.ended === 'dropped',
          },
    malformed: 0,
  };
  return { path, names };
}
