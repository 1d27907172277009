/** Sockets: none there, one that refuses, one whose buffer is full. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND, L4_KIND, RELATION } from '../../wire/layout.gen.ts';
import { formatCount, formatDuration } from '../format.ts';
import {
  advise, adviseHost, citeAll, diedIn, inPlace, isV6, lastDecision, look, onDevice, refusal, type Scene, setting,
  target, transport,
} from './scene.ts'; // biome-ignore format: a list
import { byReason } from './table.ts';
import type { DiagnosisRule, Finding } from './types.ts';

const ENOBUFS = 105;
const SYN = 2;
const ACK = 16;
const TCP_UDP = /^(__udp[46]_lib_rcv|udpv?6?_rcv|tcp_v[46]_rcv)$/;

const listeners = (scene: Scene): readonly FactQuery[] => {
  const protocol = transport(scene);
  const port = scene.state.l4?.dport ?? 0;
  return protocol === undefined || port === 0
    ? []
    : [{ kind: 'listeners', netns: scene.netns, protocol, port }];
};
const seeListeners = (scene: Scene, text: string) =>
  listeners(scene).map((query) => look(scene, text, query));

const noSocket: DiagnosisRule = {
  id: 'socket.none',
  category: 'socket',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.listener);
    const isSure = scene.reason === 'NO_SOCKET' || (cited !== undefined && diedIn(scene, TCP_UDP));
    if (!isSure) return undefined;
    const evidence = citeAll(scene, [cited]);
    switch (scene.state.l4?.kind) {
      case L4_KIND.tcp:
        return { ...noTcp(scene), evidence };
      case L4_KIND.udp:
        return {
          title: `Nobody listens on UDP ${target(scene)}${inPlace(scene)}; its sender is told by ICMP (port unreachable).`,
          evidence,
          facts: listeners(scene),
          advice: seeListeners(scene, 'See who has the port; one bound to another address does not count.'),
        };
      case L4_KIND.icmp:
      case L4_KIND.icmp6:
        return noPing(scene);
      default:
        return {
          title: `No socket wants it${inPlace(scene)} (IP protocol ${scene.state.ip?.protocol ?? 'not known'}).`,
          evidence,
        };
    }
  },
};

function noTcp(scene: Scene): Finding {
  const flags = scene.state.l4?.tcpFlags ?? 0;
  const isNew = (flags & (SYN | ACK)) === SYN;
  return {
    title: isNew
      ? `Nobody listens on TCP ${target(scene)}${inPlace(scene)}; its sender gets a reset (connection refused).`
      : `No TCP connection${inPlace(scene)} fits this segment to ${target(scene)}.`,
    facts: listeners(scene),
    advice: isNew
      ? seeListeners(scene, 'See who has the port; one bound to another address does not count.')
      : [
          advise(
            scene,
            'The connection is closed, or was never here (NAT forgot it, an address moved). See which there are.',
            'ss',
            '-tan',
          ),
        ],
  };
}

function noPing(scene: Scene): Finding {
  const copy = scene.path.children.find(({ relation }) => relation === RELATION.clone);
  if (copy === undefined)
    return { title: `No program${inPlace(scene)} waits for this ICMP message.`, tone: 'notice' };
  return {
    title: `A raw socket (a ping) got a copy of it as packet ${copy.packet}; the kernel has no other use for it.`,
    tone: 'ordinary',
    evidence: [{ text: `packet ${copy.packet} is a clone of it` }],
  };
}

const TO_MANY = new Set<number>([1, 2, 5]); // PACKET_BROADCAST, PACKET_MULTICAST, and looped back

const noReader: DiagnosisRule = {
  id: 'socket.no-reader',
  category: 'socket',
  explain(scene) {
    const { state } = scene;
    // __udp4_lib_mcast_deliver, which is part of __udp4_lib_rcv: it gives no reason
    if (!diedIn(scene, /^__udp[46]_lib_(rcv|mcast_deliver)$/) || !TO_MANY.has(state.meta?.pktType ?? 0))
      return undefined;
    return {
      title: `It is for everyone or for a group, and no program takes UDP ${target(scene)}${inPlace(scene)}.`,
      tone: 'notice',
      facts: listeners(scene),
      advice: [
        ...seeListeners(
          scene,
          'See who has the port; its socket must be bound to the group, or to no address.',
        ),
        advise(scene, 'See which groups programs have joined.', 'ip', 'maddr'),
      ],
    };
  },
};

const closed: DiagnosisRule = {
  id: 'socket.closed',
  category: 'socket',
  explain(scene) {
    if (!diedIn(scene, /^(udp_destruct_common|udp_destruct_sock|udpv6_destruct_sock|inet_sock_destruct)$/))
      return undefined;
    return {
      title: `The socket on ${target(scene)}${inPlace(scene)} was closed before its program read this.`,
      tone: 'notice',
      advice: seeListeners(scene, 'See whether the program runs again.'),
    };
  },
};

/** Sockets that get a copy of what goes on to others: of ping, of sniffers. */
const RAW = /^(raw|rawv6|packet|tpacket)_rcv/;

const filter: DiagnosisRule = {
  id: 'socket.filter',
  category: 'socket',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.filter);
    const isHere =
      cited !== undefined && scene.isUnspecified && lastDecision(scene, undefined)?.index === cited.index;
    if (scene.reason !== 'SOCKET_FILTER' && !isHere) return undefined;
    const origin = scene.path.origins.find(({ relation }) => relation === RELATION.clone);
    if (origin !== undefined && RAW.test(scene.symbol))
      return {
        title: `A raw socket${inPlace(scene)} did not want its copy of packet ${origin.parent}, which itself goes on.`,
        tone: 'ordinary',
        evidence: citeAll(scene, [cited]),
      };
    return {
      title: `A BPF filter of the receiving socket or of its cgroup refused it${inPlace(scene)}.`,
      evidence: citeAll(scene, [cited]),
      facts: listeners(scene),
      advice: [
        advise(scene, 'See sockets with their filters.', 'ss', '-0', '-b'),
        adviseHost(
          scene,
          'List the programs of cgroups; systemd attaches one for IPAddressDeny.',
          'bpftool',
          'cgroup',
          'tree',
        ),
      ],
    };
  },
};

const buffer: DiagnosisRule = {
  id: 'socket.buffer',
  category: 'socket',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.receive);
    const isMemory = cited?.decision.value === -ENOBUFS;
    if (isMemory && scene.reason !== 'SOCKET_RCVBUFF') return undefined;
    if (scene.reason !== 'SOCKET_RCVBUFF' && !(scene.isUnspecified && cited !== undefined)) return undefined;
    const { used = 0, limit = 0 } = cited?.decision ?? {};
    const size = limit === 0 ? '' : ` (${formatCount(used)} of ${formatCount(limit)} bytes)`;
    const udp = isV6(scene) ? 'Udp6RcvbufErrors' : 'Udp.RcvbufErrors';
    return {
      title: `The receive buffer of the socket on ${target(scene)}${inPlace(scene)} is full${size}: its program reads too slowly.`,
      evidence: citeAll(scene, [cited]),
      facts: [
        ...listeners(scene),
        {
          kind: 'counters',
          netns: scene.netns,
          names: [transport(scene) === 'tcp' ? 'TcpExt.TCPRcvQDrop' : udp],
        },
        { kind: 'sysctl', netns: 0, name: 'net/core/rmem_max' },
      ],
      advice: [
        ...seeListeners(scene, 'See whose socket it is, and how much waits (Recv-Q).'),
        adviseHost(
          scene,
          'Allow larger buffers on the host; the program has to ask for them (SO_RCVBUF).',
          'sysctl',
          '-w',
          'net.core.rmem_max=8388608',
        ),
      ],
    };
  },
};

const memory: DiagnosisRule = {
  id: 'socket.memory',
  category: 'memory',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.receive);
    const isHere = cited?.decision.value === -ENOBUFS && scene.isUnspecified;
    if (scene.reason !== 'PROTO_MEM' && !isHere) return undefined;
    const protocol = transport(scene) ?? 'udp';
    return {
      title: `All sockets of ${protocol.toUpperCase()} together have no memory left${inPlace(scene)} (${protocol}_mem).`,
      evidence: citeAll(scene, [cited]),
      facts: [setting(scene, `ipv4/${protocol}_mem`)],
      advice: [
        advise(scene, 'See how many pages are in use (mem).', 'cat', '/proc/net/sockstat'),
        advise(scene, `Allow more pages: low, pressure, high.`, 'sysctl', `net.ipv4.${protocol}_mem`),
      ],
    };
  },
};

const reasons = byReason('socket.reason', 'socket', {
  SOCKET_BACKLOG: {
    title: (s) => `The backlog of the socket on ${target(s)}${inPlace(s)} is full: its program holds it too long for what comes in.`,
    advice: (s) => seeListeners(s, 'See whose socket it is.'),
    facts: (s) => [...listeners(s), { kind: 'counters', netns: s.netns, names: ['TcpExt.TCPBacklogDrop'] }],
  },
  SOCKET_CLOSE: { title: (s) => `The socket on ${target(s)}${inPlace(s)} was closed before its program read this.`, advice: (s) => seeListeners(s, 'See whether the program runs again.') },
  PACKET_SOCK_ERROR: { title: (s) => `A packet socket (a sniffer) could not take its copy${onDevice(s)}${inPlace(s)}; the packet itself goes on.`, advice: 'Its ring or buffer is full: the sniffer loses packets.' },
  UNIX_DISCONNECT: { title: 'The other end of the Unix socket was disconnected before this was read.' },
  UNIX_SKIP_OOB: { title: 'Out-of-band data on a Unix socket was passed over.' },
}); // biome-ignore format: a table

const BUFFERS =
  /^(__udp_enqueue_schedule_skb|tcp_queue_rcv|tcp_data_queue|sock_queue_rcv_skb_reason|__sock_queue_rcv_skb|packet_rcv|tpacket_rcv)$/;
/** Asked on the way into the buffer. */
const SOCKET_FILTER = 'sk_filter_trim_cap';
const LONG_NS = 1e9;

const unread: DiagnosisRule = {
  id: 'socket.unread',
  category: 'socket',
  explain(scene) {
    const { drop, path, last, nowNs, functions } = scene;
    if (drop !== undefined || path.free !== undefined || last === undefined || nowNs === undefined)
      return undefined;
    const cited = lastDecision(scene, DECISION_KIND.receive, ({ value }) => value >= 0);
    const isThere =
      BUFFERS.test(functions.findLast((name) => name !== SOCKET_FILTER) ?? '') ||
      (cited !== undefined && cited.decision.index >= last.index);
    if (!isThere || nowNs - last.timeNs < LONG_NS) return undefined;
    return {
      title: `It is in the receive buffer of ${target(scene)}${inPlace(scene)}; its program has not read it for ${formatDuration(nowNs - last.timeNs)}.`,
      tone: 'notice',
      evidence: citeAll(scene, [cited]),
      facts: listeners(scene),
      advice: seeListeners(scene, 'See whose socket it is, and how much waits (Recv-Q).'),
    };
  },
};

export const socketRules: readonly DiagnosisRule[] = [
  noSocket, noReader, filter, buffer, memory, closed, reasons, unread,
]; // biome-ignore format: a list
