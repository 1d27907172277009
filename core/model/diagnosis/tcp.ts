/** TCP: what its state machine refuses, full accept queues, and segments that tell of trouble elsewhere. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND, L4_KIND, RELATION } from '../../wire/layout.gen.ts';
import { formatCount, formatDuration } from '../format.ts';
import { isHeaderUntold, isTcpUntold } from '../untold.ts';
import {
  advise,
  citeAll,
  diedIn,
  inPlace,
  lastDecision,
  look,
  refusal,
  type Scene,
  source,
  target,
} from './scene.ts';
import { byReason, type ReasonEntry } from './table.ts';
import type { DiagnosisRule } from './types.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
/** TCP_RTO_MIN, the least time before the timer sends again. */
const RTO_MIN_NS = 200e6;

const accept: DiagnosisRule = {
  id: 'tcp.accept-queue',
  category: 'tcp',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.accept);
    const isNamed = scene.reason === 'TCP_LISTEN_OVERFLOW';
    if (!isNamed && (cited === undefined || (scene.drop !== undefined && !scene.isUnspecified)))
      return undefined;
    const { used = 0, limit = 0 } = cited?.decision ?? {};
    const port = scene.state.l4?.dport ?? 0;
    const query: FactQuery = { kind: 'listeners', netns: scene.netns, protocol: 'tcp', port };
    const isFull = isNamed || used > limit;
    return {
      title: isFull
        ? `The accept queue of ${target(scene)}${inPlace(scene)} is full${limit === 0 ? '' : ` (${formatCount(used)} of ${formatCount(limit)})`}, so the connection was refused in silence.`
        : `The kernel refused the new connection to ${target(scene)}${inPlace(scene)}.`,
      evidence: citeAll(scene, [cited]),
      facts: [
        ...(port === 0 ? [] : [query]),
        { kind: 'counters', netns: scene.netns, names: ['TcpExt.ListenOverflows', 'TcpExt.ListenDrops'] },
        { kind: 'sysctl', netns: scene.netns, name: 'net/core/somaxconn' },
      ],
      advice: [
        look(scene, 'See how many wait (Recv-Q) of how many that may (Send-Q).', query),
        advise(
          scene,
          'The program accepts too slowly. A longer queue needs both: this, and a larger backlog in its listen().',
          'sysctl',
          '-w',
          'net.core.somaxconn=4096',
        ),
      ],
    };
  },
};

const md5 = 'Compare the keys (TCP_MD5SIG, TCP-AO) of both ends: usual between BGP routers.';
const keys = (title: string): ReasonEntry => ({ title, advice: md5 });
const stale = (title: string): ReasonEntry => ({
  title,
  advice:
    'Harmless now and then: a segment was late or came twice. Often: look for retransmissions and disorder.',
});

const reasons = byReason('tcp.reason', 'tcp', {
  TCP_MD5NOTFOUND: keys('The connection needs an MD5 signature, and the segment has none.'),
  TCP_MD5UNEXPECTED: keys('The segment has an MD5 signature that this end does not expect.'),
  TCP_MD5FAILURE: keys('The MD5 signature of the segment is wrong.'),
  TCP_AUTH_HDR: keys('The segment has authentication options that are malformed or given twice.'),
  TCP_AONOTFOUND: keys('The connection needs TCP-AO authentication, and the segment has none.'),
  TCP_AOUNEXPECTED: keys('The segment has TCP-AO authentication that this end does not expect.'),
  TCP_AOKEYNOTFOUND: keys('This end has no TCP-AO key with the id that the segment names.'),
  TCP_AOFAILURE: keys('The TCP-AO authentication of the segment is wrong.'),
  TCP_FLAGS: { title: 'The flags of the segment do not fit the state of the connection.', advice: 'A SYN or FIN in an odd place: look for port scans, or an address used twice.' },
  TCP_ABORT_ON_DATA: { title: 'Data came for a connection that the program had closed already; the kernel resets it.', advice: 'The program closes before it has read everything.' },
  TCP_ZEROWINDOW: { title: (s) => `Data came although the receive window of ${target(s)}${inPlace(s)} is closed (zero window): its program reads too slowly.`, advice: (s) => [advise(s, 'See how much waits to be read (Recv-Q). Probes of a closed window end like this, too.', 'ss', '-tmn')] },
  TCP_OLD_DATA: stale('The receiver already has this data: it was sent again needlessly (a spurious retransmission).'),
  TCP_OVERWINDOW: { title: (s) => `The data lies beyond the receive window of ${target(s)}${inPlace(s)}.`, advice: 'The sender does not keep to the window: look for a middlebox that changes TCP options (window scale).' },
  TCP_OFOMERGE: stale('The data is already in the queue of segments that came out of order.'),
  TCP_RFC7323_PAWS: { title: 'The timestamp of the segment is older than what came before (PAWS).', advice: 'An old duplicate; or several clients behind one NAT address share a port with different clocks.' },
  TCP_RFC7323_PAWS_ACK: stale('The timestamp of the acknowledgement is older than what came before (PAWS).'),
  TCP_RFC7323_TW_PAWS: { title: 'A new connection has an older timestamp than the one before with the same ports (PAWS in TIME-WAIT).', advice: 'Several clients behind one NAT address; the next attempt from another port succeeds.' },
  TCP_RFC7323_TSECR: { title: 'The segment echoes a timestamp that was never sent.', advice: 'Look for a middlebox that answers in place of the other end.' },
  TCP_OLD_SEQUENCE: stale('The segment lies before the window: the receiver already has it (an old duplicate or a spurious retransmission).'),
  TCP_INVALID_SEQUENCE: { title: 'The sequence number of the segment is outside the receive window.', advice: 'A very late duplicate, a forged segment, or two machines with one address.' },
  TCP_INVALID_END_SEQUENCE: { title: 'The segment ends beyond the receive window.', advice: 'The sender does not keep to the window.' },
  TCP_INVALID_ACK_SEQUENCE: { title: 'The segment acknowledges what was never sent.', advice: 'A forged segment, or an old connection with the same ports.' },
  TCP_RESET: { title: (s) => `${source(s)} reset the connection; the segment has done its work.`, advice: 'Look at the other side: it did not know the connection, or its program gave it up.' },
  TCP_INVALID_SYN: { title: 'A SYN came within a connection that exists.', advice: 'The other end started anew with the same ports (it crashed, or NAT reused them); it is challenged by an ACK.' },
  TCP_CLOSE: { title: 'The socket of the connection is closed already.', advice: 'Usual at the end of a connection.' },
  TCP_FASTOPEN: { title: 'The data of a fast open was not accepted.', advice: 'The cookie is wrong or the data came twice; the connection goes on without.' },
  TCP_OLD_ACK: stale('It acknowledges what was acknowledged already, and has nothing new.'),
  TCP_TOO_OLD_ACK: { title: 'It acknowledges what was acknowledged long ago.', advice: 'A very old duplicate, or a forged segment (RFC 5961).' },
  TCP_ACK_UNSENT_DATA: { title: 'It acknowledges data that was never sent.', advice: 'A forged segment, or an old connection with the same ports.' },
  TCP_OFO_QUEUE_PRUNE: { title: (s) => `It came out of order and was thrown away because the receive buffer of ${target(s)}${inPlace(s)} is short of memory.`, advice: (s) => [advise(s, 'See the buffers.', 'ss', '-tmn')] },
  TCP_OFO_DROP: { title: (s) => `It came out of order, and the receive buffer of ${target(s)}${inPlace(s)} has no room for it.`, advice: (s) => [advise(s, 'See the buffers.', 'ss', '-tmn')] },
  TCP_MINTTL: { title: (s) => `Its TTL (${ttlText(s)}) is below the least that the socket allows (IP_MINTTL).`, advice: 'A protection of BGP sessions: the other end is farther away than configured, or it is an attack.' },
}); // biome-ignore format: a table

const ttlText = ({ state: { ip } }: Scene): string =>
  ip === undefined || isHeaderUntold(ip) ? '?' : String(ip.ttl);

const isTcp = ({ state }: Scene): boolean => state.l4?.kind === L4_KIND.tcp;

const reset: DiagnosisRule = {
  id: 'tcp.reset',
  category: 'tcp',
  explain(scene) {
    const { l4 } = scene.state;
    if (!isTcp(scene) || l4 === undefined || (l4.tcpFlags & RST) === 0) return undefined;
    // TCP frees the reset that it obeyed as dropped, without a reason
    if (scene.drop !== undefined && !diedIn(scene, /^(__)?tcp_/)) return undefined;
    // tcp_v4_send_reset answers a segment with an ACK by a bare RST, another by RST,ACK with sequence 0;
    // tcp_send_active_reset, of a socket, sends RST,ACK with its sequence number
    const hasAck = (l4.tcpFlags & ACK) !== 0;
    const isUntold = isTcpUntold(l4);
    const why = !hasAck
      ? 'the stack there probably got a segment of a connection that it does not know'
      : l4.tcpSeq === 0
        ? `probably nobody listens on port ${l4.sport} there${isUntold ? ', or the program there gave the connection up' : ''}`
        : 'the program there probably closed with data unread, or gave the connection up';
    return {
      title: `It is a reset from ${source(scene)}: ${why}.`,
      certainty: 'likely',
      tone: 'notice',
      evidence: [
        {
          text: `flags RST${hasAck ? ',ACK' : ''}${isUntold ? '' : `, sequence number ${l4.tcpSeq}`}`,
        },
      ],
      advice: [advise(scene, 'Look at the packet that it answers, in the same flow just before.')],
    };
  },
};

const retransmission: DiagnosisRule = {
  id: 'tcp.retransmission',
  category: 'tcp',
  explain({ drop, path, state }) {
    const origin = path.origins.find(({ relation }) => relation === RELATION.retransmit);
    if (origin === undefined || drop !== undefined) return undefined;
    const isSyn = ((state.l4?.tcpFlags ?? 0) & (SYN | ACK)) === SYN;
    return {
      title: isSyn
        ? `It asks again for a connection: packet ${origin.parent} got no answer.`
        : `It is a retransmission: what packet ${origin.parent} carried was not acknowledged.`,
      tone: 'notice',
      evidence: [{ text: `the same data was sent before as packet ${origin.parent}` }],
      advice: [{ text: `Look where packet ${origin.parent}, or the answer to it, got to.` }],
    };
  },
};

const sentAgain: DiagnosisRule = {
  id: 'tcp.sent-again',
  category: 'tcp',
  explain({ drop, path }) {
    const again = path.children.filter(({ relation }) => relation === RELATION.retransmit);
    const [first] = again;
    const [begin] = path.hops;
    if (first === undefined || begin === undefined || drop !== undefined) return undefined;
    const laterNs = first.timeNs - begin.timeNs;
    const times = again.length === 1 ? 'once' : `${again.length} times`;
    return {
      title: `What it carried was sent again ${times}, first ${formatDuration(laterNs)} later, as packet ${first.packet}.`,
      tone: 'notice',
      evidence: [
        {
          text:
            laterNs >= RTO_MIN_NS
              ? 'late enough for the retransmission timer (200 ms at least)'
              : 'too early for the retransmission timer: recovery after duplicate acknowledgements, or a loss probe',
        },
      ],
      advice: [{ text: 'Look where this packet, or the answer to it, got to.' }],
    };
  },
};

const zeroWindow: DiagnosisRule = {
  id: 'tcp.zero-window',
  category: 'tcp',
  explain(scene) {
    const { l4 } = scene.state;
    if (!isTcp(scene) || l4 === undefined || isTcpUntold(l4) || scene.drop !== undefined) return undefined;
    if (l4.tcpWindow !== 0 || (l4.tcpFlags & (SYN | RST | FIN)) !== 0 || (l4.tcpFlags & ACK) === 0)
      return undefined;
    return {
      title: `${source(scene)} can take no more data: its receive window is zero.`,
      tone: 'notice',
      advice: [
        advise(scene, 'Its program reads too slowly: see there how much waits (Recv-Q).', 'ss', '-tmn'),
      ],
    };
  },
};

const timeWait: DiagnosisRule = {
  id: 'tcp.time-wait',
  category: 'tcp',
  explain(scene) {
    // tcp_v4_rcv gives no reason for what it has dealt with for a socket in TIME-WAIT, or for another machine's
    if (!diedIn(scene, /^tcp_v[46]_rcv$/) || !isTcp(scene) || (scene.state.meta?.pktType ?? 0) !== 0)
      return undefined;
    return {
      title: `This end of its connection${inPlace(scene)} has closed already, and probably dealt with it in TIME-WAIT: usual at the end of a connection.`,
      certainty: 'likely',
      tone: 'ordinary',
    };
  },
};

const challenge: DiagnosisRule = {
  id: 'tcp.established',
  category: 'tcp',
  explain(scene) {
    const { symbol, isUnspecified } = scene;
    if (!isUnspecified || !/^(tcp_|__tcp_)/.test(symbol) || !isTcp(scene)) return undefined;
    return {
      title: `TCP refused the segment in ${symbol}${inPlace(scene)}: it probably does not fit the state of its connection.`,
      certainty: 'likely',
      evidence: citeAll(scene, [lastDecision(scene, DECISION_KIND.listener)]),
      facts: [
        {
          kind: 'counters',
          netns: scene.netns,
          names: [
            'TcpExt.ListenDrops',
            'TcpExt.ListenOverflows',
            'TcpExt.TCPBacklogDrop',
            'TcpExt.PAWSEstab',
          ],
        },
      ],
      advice: [advise(scene, 'See which of the TCP counters grows.', 'nstat', '-az', 'TcpExt*')],
    };
  },
};

export const tcpRules: readonly DiagnosisRule[] = [
  accept, reasons, reset, timeWait, challenge, retransmission, sentAgain, zeroWindow,
]; // biome-ignore format: a list
