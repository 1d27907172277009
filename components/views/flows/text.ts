/** What a conversation and its connections say, and whose they are. */
import { asNetnsInode } from '../../../core/base/units.ts';
import type { Flow, FlowSide, TcpState } from '../../../core/model/aggregate/flows.ts';
import type { RoundTrip } from '../../../core/model/aggregate/round-trip.ts';
import type { OwnerName } from '../../../core/model/connection-log.ts';
import type { Connection } from '../../../core/model/connections.ts';
import {
  endpointText,
  formatCount,
  packetDetail,
  protocolName,
  rowEndpoints,
} from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { FlowSort } from '../../state/flows.ts';

export const TCP_STATES: Readonly<Record<TcpState, { readonly word: string; readonly meaning: string }>> = {
  asked: { word: 'asked', meaning: 'a SYN was seen, and no answer' },
  open: { word: 'open', meaning: 'SYN and SYN,ACK were seen, and no end' },
  underWay: { word: 'under way', meaning: 'its beginning was before the capture or outside the filter' },
  halfClosed: { word: 'half closed', meaning: 'one side sent its FIN' },
  closed: { word: 'closed', meaning: 'both sides sent their FIN' },
  reset: { word: 'reset', meaning: 'an RST was seen' },
};

/** `TCP`, `ICMP echo`. */
export function flowProtocol({ sample, tcp }: Flow): string {
  const detail = tcp === undefined ? packetDetail(sample).replace(/ (request|reply) id (\d+).*/, ' $2') : '';
  return [protocolName(sample), detail].filter(Boolean).join(' ');
}

export const sideNetns = ({ netns }: FlowSide, names: NameBook): string =>
  netns === undefined || netns === 0 ? '' : names.netnsName(asNetnsInode(netns));

/** As side `a` sees both. */
export const flowEnds = ({ sample }: Flow) => rowEndpoints(sample);

export const ROUND_TRIPS: Readonly<Record<RoundTrip['until'], string>> = {
  arrival:
    'from first sight of what asked, on its way out, to first sight of the answer in the same namespace',
  delivery:
    'both ends are on this host: from first sight of what asked to the last hop of the answer where it was asked, its delivery included',
};

/** How it was measured, in a sentence. */
export function roundTripText({ tcp }: Flow, { pairs, until }: RoundTrip): string {
  const what = tcp === undefined ? 'echo request and reply' : 'SYN and SYN,ACK';
  return `${what}, ${ROUND_TRIPS[until]}${pairs > 1 ? `; median of ${formatCount(pairs)}` : ''}`;
}

/** By the ends as a socket has them: its own first. */
export type ConnectionIndex = ReadonlyMap<string, Connection>;

const endsKey = (netns: number, source: string, destination: string): string =>
  `${netns} ${source} ${destination}`;

export const connectionEnds = ({ last }: Connection) => ({
  source: endpointText(last.saddr, last.sport),
  destination: endpointText(last.daddr, last.dport),
});

/** The newest of those that had the same ends. */
export function indexConnections(connections: readonly Connection[]): ConnectionIndex {
  return new Map(
    connections.map((connection) => {
      const { source, destination } = connectionEnds(connection);
      return [endsKey(connection.last.netns, source, destination), connection] as const;
    }),
  );
}

/** The connection that a side's packets came from, when its events are known. */
export function connectionOf({ sample, netns }: FlowSide, index: ConnectionIndex): Connection | undefined {
  if (sample === undefined || netns === undefined) return undefined;
  const { source, destination } = rowEndpoints(sample);
  return index.get(endsKey(netns, source, destination));
}

type Owners = ReadonlyMap<number, OwnerName>;

/** `curl (1234)`, with its container or pod behind it; '' when nobody is known. */
export function ownerName({ pid, comm, cgroup }: OwnerName, names: NameBook): string {
  if (pid === 0) return '';
  const group = names.cgroup(cgroup);
  const inside = group?.kind === 'container' || group?.kind === 'pod' ? ` in ${group.name}` : '';
  return `${comm === '' ? 'process' : comm} (${pid})${inside}`;
}

/** Who sends on this side: the connection's owner, else who owned the socket that its first packets came from. */
export function sideOwner(side: FlowSide, index: ConnectionIndex, owners: Owners, names: NameBook): string {
  const connection = connectionOf(side, index);
  if (connection !== undefined && connection.last.owner.pid !== 0)
    return ownerName(connection.last.owner, names);
  const { ownerPid } = side;
  return ownerPid === 0
    ? ''
    : ownerName(owners.get(ownerPid) ?? { pid: ownerPid, comm: '', cgroup: 0 }, names);
}

/** `curl in web`: a shell that connects anew each time is one program, though each is another process. */
export function programName({ last: { owner, netns } }: Connection, names: NameBook): string {
  const inside = netns === 0 ? '' : ` in ${names.netnsName(netns)}`;
  return `${owner.comm || (owner.pid === 0 ? 'not known' : `process ${owner.pid}`)}${inside}`;
}

const both = ({ a, b }: Flow, value: (side: FlowSide) => number): number => value(a) + value(b);

const VALUES: Readonly<Record<FlowSort, (flow: Flow) => number>> = {
  last: ({ lastNs }) => lastNs,
  packets: (flow) => both(flow, ({ packets }) => packets),
  bytes: (flow) => both(flow, ({ bytes }) => bytes),
  drops: (flow) => both(flow, ({ dropped }) => dropped),
  again: (flow) => both(flow, ({ retransmissions }) => retransmissions),
  rtt: ({ roundTrip }) => roundTrip?.ns ?? -1,
  duration: ({ firstNs, lastNs }) => lastNs - firstNs,
};

/** Largest or newest first. */
export function sortFlows(flows: readonly Flow[], by: FlowSort): readonly Flow[] {
  const value = VALUES[by];
  return [...flows].sort((a, b) => value(b) - value(a) || b.lastNs - a.lastNs);
}
