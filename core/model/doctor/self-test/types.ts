import type { PlannedProgram } from '../../../messages/source.ts';
import type { Decision, Free, Hop, Lineage } from '../../hop.ts';

/** One end of the pair of namespaces: the process in it, its interface and addresses. */
export interface End {
  readonly netns: number;
  readonly netnsName: string;
  readonly pid: number;
  readonly comm: string;
  readonly uid: number;
  /** Id of its control group, 0 where that is not known. */
  readonly cgroup: number;
  readonly ifindex: number;
  readonly ifname: string;
  readonly mac: string;
  readonly ip4: string;
  readonly ip6: string;
}

export interface Pair {
  readonly a: End;
  readonly b: End;
  readonly mtu: number;
}

/** A UDP datagram as it is sent from `a` to `b`. */
export interface Datagram {
  readonly version: 4 | 6;
  readonly sport: number;
  readonly dport: number;
  /** IP id; 0 over IPv6, which has none. */
  readonly id: number;
  /** Or hop limit. */
  readonly ttl: number;
  /** Or traffic class. */
  readonly tos: number;
  readonly mark: number;
  readonly priority: number;
  readonly payload: number;
  /** Whether somebody listens on `dport`. */
  readonly isTaken: boolean;
}

/** What the records say of a packet, in their order. */
export interface SeenPacket {
  readonly id: number;
  readonly hops: readonly Hop[];
  readonly frees: readonly Free[];
  readonly decisions: readonly Decision[];
  readonly lineage: readonly Lineage[];
}

/** What the capture says of itself. */
export interface SeenCapture {
  readonly lost: number;
  readonly missing: number;
  readonly malformed: number;
  /** Datagrams that the receiver got, and how many it should have. */
  readonly received: number;
  readonly taken: number;
}

/** One thing that the self-test compared. */
export interface Check {
  readonly group: string;
  readonly name: string;
  readonly isOk: boolean;
  readonly expected: string;
  readonly seen: string;
}

/** Functions and programs of the capture: what is not probed is not expected. */
export interface Probed {
  readonly functions: ReadonlySet<string>;
  readonly programs: readonly PlannedProgram[];
}
