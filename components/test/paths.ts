/** Paths made of objects, for tests of what draws them; how records become paths is tested in core. */
import { asFuncId, asKernelAddress, asNetnsInode, asNs, asPacketId } from '../../core/base/units.ts';
import type { Change, Decision, Hop, Lineage, PacketState, Path } from '../../core/model/hop.ts';

const STEP = { index: 0, deltaNs: asNs(0), cpu: 0, seq: 0, generation: 1 };
const NOWHERE = asKernelAddress('0'.repeat(16));

export interface HopFields {
  readonly time?: number;
  readonly func?: number;
  readonly depth?: number;
  readonly ifindex?: number;
  readonly stack?: number;
  readonly state?: PacketState;
  readonly changes?: readonly Change[];
}

export const hopOf = (fields: HopFields = {}): Hop => ({
  ...STEP,
  kind: 'hop',
  func: asFuncId(fields.func ?? 1),
  timeNs: asNs(fields.time ?? 0),
  packet: asPacketId(1),
  skb: asKernelAddress('ffff888004bc30e8'),
  netns: asNetnsInode(1),
  ifindex: fields.ifindex ?? 2,
  pid: 7,
  state: fields.state ?? {},
  carried: 0,
  changes: fields.changes ?? [],
  depth: fields.depth ?? 0,
  pidMatch: { owner: false, current: false },
  stack: fields.stack,
});

/** @param after index of the hop before it */
export const decisionOf = (
  after: number,
  fields: Partial<Omit<Decision, 'timeNs'>> & { readonly time?: number } = {},
): Decision => {
  const { time = 0, ...rest } = fields;
  return {
    ...STEP,
    kind: 'decision',
    timeNs: asNs(time),
    packet: asPacketId(1),
    skb: NOWHERE,
    durationNs: asNs(0),
    netns: asNetnsInode(1),
    decision: 1,
    value: 1,
    pf: 2,
    hook: 0,
    priority: 0,
    by: NOWHERE,
    used: 0,
    limit: 0,
    rule: undefined,
    ...rest,
    index: after,
  };
};

export const lineageOf = (parent: number, packet: number, relation: number, time = 0): Lineage => ({
  ...STEP,
  kind: 'lineage',
  timeNs: asNs(time),
  packet: asPacketId(packet),
  parent: asPacketId(parent),
  relation,
});

/** Packet 1. */
export const pathOf = (fields: Partial<Path>): Path => ({
  packet: asPacketId(1),
  hops: [],
  decisions: [],
  parent: asPacketId(0),
  relation: 0,
  origins: [],
  children: [],
  free: undefined,
  malformed: 0,
  ...fields,
});
