/** Given this end of a packet, this is said: sockets, TCP, queues, devices, data, bridges, and ends in order. */
import { describe, expect, it } from 'vitest';
import { asNs } from '../../../base/units.ts';
import { RELATION } from '../../../wire/layout.gen.ts';
import { diagnose, RULES } from '../index.ts';
import { build, fact, icmpReply, meta, type Story, tcp, udp } from './build.ts';
import { REASONS_6_1, REASONS_SINCE } from './reasons.ts';

type Case = readonly [
  what: string,
  story: Story,
  rule: string,
  certainty: 'known' | 'likely',
  title: string,
  nowNs?: number,
];

const dropped = (...drop: readonly [string, string]) => ({ drop });
const silent = (symbol: string) => ({ drop: ['NOT_SPECIFIED', symbol] as const });
/** The present of a case, when it matters. */
const at = (nowNs: number | undefined) => (nowNs === undefined ? {} : { nowNs: asNs(nowNs) });
const ended = { ended: 'in order' } as const;
const SYN = 2;
const RST = 4;
const ACK = 16;

const CASES: readonly Case[] = [
  ['a closed UDP port', { state: udp(), ...dropped('NO_SOCKET', '__udp4_lib_rcv') }, 'socket.none', 'known', 'Nobody listens on UDP 10.1.0.3:9998 in db; its sender is told by ICMP (port unreachable).'],
  ['a closed UDP port, without a reason', { state: udp(), ...silent('__udp4_lib_rcv'), decisions: [{ what: 'listener', value: 0 }] }, 'socket.none', 'known', 'Nobody listens on UDP 10.1.0.3:9998 in db; its sender is told by ICMP (port unreachable).'],
  ['a closed TCP port', { state: tcp(SYN), ...dropped('NO_SOCKET', 'tcp_v4_rcv') }, 'socket.none', 'known', 'Nobody listens on TCP 10.1.0.3:80 in db; its sender gets a reset (connection refused).'],
  ['a TCP connection that is not there', { state: tcp(ACK), ...dropped('NO_SOCKET', 'tcp_v4_rcv') }, 'socket.none', 'known', 'No TCP connection in db fits this segment to 10.1.0.3:80.'],
  ["a ping's reply that a raw socket has", { state: icmpReply, ...dropped('NO_SOCKET', 'icmp_rcv'), children: [[6, RELATION.clone]] }, 'socket.none', 'known', 'A raw socket (a ping) got a copy of it as packet 6; the kernel has no other use for it.'],
  ['a copy for a raw socket that its filter refused', { state: icmpReply, ...dropped('SOCKET_FILTER', 'raw_rcv'), origins: [[4, RELATION.clone]], decisions: [{ what: 'filter', value: -1 }] }, 'socket.filter', 'known', 'A raw socket in db did not want its copy of packet 4, which itself goes on.'],
  ['a FIN that went with its socket', { state: tcp(17), ...dropped('QUEUE_PURGE', 'sk_stream_kill_queues') }, 'memory.reason', 'known', 'It closed the connection (FIN), and went with its socket in db.'],
  ['data that went with its socket', { state: tcp(16), ...dropped('QUEUE_PURGE', 'sk_stream_kill_queues') }, 'memory.reason', 'known', 'It waited in a queue that was emptied in db.'],
  ['a socket filter', { state: udp(), ...dropped('SOCKET_FILTER', 'sk_filter_trim_cap'), decisions: [{ what: 'filter', value: -1 }] }, 'socket.filter', 'known', 'A BPF filter of the receiving socket or of its cgroup refused it in db.'],
  ['a full receive buffer', { state: udp(7000), ...dropped('SOCKET_RCVBUFF', 'udp_queue_rcv_one_skb'), decisions: [{ what: 'receive', value: -12, used: 212992, limit: 212992 }] }, 'socket.buffer', 'known', 'The receive buffer of the socket on 10.1.0.3:7000 in db is full (212,992 of 212,992 bytes): its program reads too slowly.'],
  ['a full receive buffer, without a reason', { state: udp(7000), ...silent('udp_queue_rcv_one_skb'), decisions: [{ what: 'receive', value: -12, used: 10, limit: 9 }] }, 'socket.buffer', 'known', 'The receive buffer of the socket on 10.1.0.3:7000 in db is full (10 of 9 bytes): its program reads too slowly.'],
  ['memory that all sockets share', { state: udp(), ...dropped('PROTO_MEM', 'udp_queue_rcv_one_skb') }, 'socket.memory', 'known', 'All sockets of UDP together have no memory left in db (udp_mem).'],
  ['a full backlog of a socket', { state: tcp(ACK), ...dropped('SOCKET_BACKLOG', 'tcp_v4_rcv') }, 'socket.reason', 'known', 'The backlog of the socket on 10.1.0.3:80 in db is full: its program holds it too long for what comes in.'],
  ['a full accept queue, in silence', { state: tcp(SYN), decisions: [{ what: 'accept', used: 129, limit: 128 }], ...ended }, 'tcp.accept-queue', 'known', 'The accept queue of 10.1.0.3:80 in db is full (129 of 128), so the connection was refused in silence.'],
  ['a closed window', { state: tcp(ACK), ...dropped('TCP_ZEROWINDOW', 'tcp_data_queue') }, 'tcp.reason', 'known', 'Data came although the receive window of 10.1.0.3:80 in db is closed (zero window): its program reads too slowly.'],
  ['data that came before', { state: tcp(ACK), ...dropped('TCP_OLD_DATA', 'tcp_data_queue') }, 'tcp.reason', 'known', 'The receiver already has this data: it was sent again needlessly (a spurious retransmission).'],
  ['a datagram for all that nobody takes', { state: { ...udp(7101), meta: meta(1) }, ...silent('__udp4_lib_rcv') }, 'socket.no-reader', 'known', 'It is for everyone or for a group, and no program takes UDP 10.1.0.3:7101 in db.'],
  ['a socket that is closed with data unread', { state: udp(7000), ...silent('udp_destruct_common') }, 'socket.closed', 'known', 'The socket on 10.1.0.3:7000 in db was closed before its program read this.'],
  ['a segment for TIME-WAIT', { state: { ...tcp(ACK), meta: meta(0) }, ...silent('tcp_v4_rcv') }, 'tcp.time-wait', 'likely', 'This end of its connection in db has closed already, and probably dealt with it in TIME-WAIT: usual at the end of a connection.'],
  ["another machine's segment", { state: { ...tcp(ACK), meta: meta(3) }, ...silent('tcp_v4_rcv') }, 'tcp.established', 'likely', 'TCP refused the segment in tcp_v4_rcv in db: it probably does not fit the state of its connection.'],
  ['TCP, without a reason', { state: tcp(ACK), ...silent('tcp_validate_incoming') }, 'tcp.established', 'likely', 'TCP refused the segment in tcp_validate_incoming in db: it probably does not fit the state of its connection.'],
  ['a bare reset', { state: tcp(RST), ...ended }, 'tcp.reset', 'likely', 'It is a reset from 10.1.0.2: the stack there probably got a segment of a connection that it does not know.'],
  ['a refusal', { state: tcp(RST | ACK, { tcpSeq: 0 }), ...ended }, 'tcp.reset', 'likely', 'It is a reset from 10.1.0.2: probably nobody listens on port 40000 there.'],
  ['a reset by a program', { state: tcp(RST | ACK), ...ended }, 'tcp.reset', 'likely', 'It is a reset from 10.1.0.2: the program there probably closed with data unread, or gave the connection up.'],
  ['a reset that TCP obeyed', { state: tcp(RST), ...silent('tcp_v4_rcv') }, 'tcp.reset', 'likely', 'It is a reset from 10.1.0.2: the stack there probably got a segment of a connection that it does not know.'],
  ['a retransmission', { state: tcp(ACK), origins: [[3, RELATION.retransmit]], ...ended }, 'tcp.retransmission', 'known', 'It is a retransmission: what packet 3 carried was not acknowledged.'],
  ['a SYN sent again', { state: tcp(SYN), origins: [[3, RELATION.retransmit]] }, 'tcp.retransmission', 'known', 'It asks again for a connection: packet 3 got no answer.'],
  ['data that was sent again', { state: tcp(ACK), children: [[9, RELATION.retransmit, 203e6]] }, 'tcp.sent-again', 'known', 'What it carried was sent again once, first 203 ms later, as packet 9.'],
  ['a zero window', { state: tcp(ACK, { tcpWindow: 0 }), ...ended }, 'tcp.zero-window', 'known', '10.1.0.2 can take no more data: its receive window is zero.'],
  ['a full CPU backlog', { ...dropped('CPU_BACKLOG', 'enqueue_to_backlog'), decisions: [{ what: 'backlog', value: 1, used: 1001, limit: 1000 }] }, 'queue.backlog', 'known', 'The queue of packets that a CPU has yet to take in is full.'],
  ['a qdisc', { ...dropped('QDISC_DROP', '__dev_queue_xmit'), decisions: [{ what: 'transmit', value: 1 }] }, 'queue.qdisc', 'known', 'The queueing discipline on eth0 in db dropped it.'],
  ['a qdisc that is over its limit', dropped('QDISC_OVERLIMIT', '__dev_queue_xmit'), 'queue.qdisc', 'known', 'The queueing discipline on eth0 in db dropped it: its queue is full.'],
  ['netem', silent('netem_enqueue'), 'queue.qdisc', 'likely', 'The queueing discipline on eth0 in db probably dropped it: netem probably loses it on purpose.'],
  ['netem, that says it was sent', { through: ['__dev_queue_xmit', 'netem_enqueue'], ...dropped('QDISC_DROP', '__dev_queue_xmit'), decisions: [{ what: 'transmit', value: 0x20000 }] }, 'queue.qdisc', 'likely', 'The queueing discipline on eth0 in db dropped it: netem probably loses it on purpose.'],
  ['a queue that is emptied', silent('__rtnl_unlock'), 'queue.emptied', 'known', 'It waited in the queue on eth0 in db when that was emptied: the queueing discipline was removed, or the interface went down.'],
  ['an interface that is down', silent('noop_enqueue'), 'queue.qdisc', 'likely', 'The interface eth0 in db is probably down: it has no queue to send from.'],
  ['GRO', silent('napi_gro_receive'), 'queue.gro', 'likely', 'Receive offload (GRO) dropped it on eth0 in db: it was probably malformed, or its interface went down.'],
  ['a veth pair', silent('veth_xmit'), 'device.transmit', 'likely', 'The interface eth0 in db could not send it: its other end is probably down, gone, or too slow.'],
  ['a failed transmission', silent('dev_hard_start_xmit'), 'device.transmit', 'likely', 'The interface eth0 in db could not send it: it is probably down, or cannot take such a packet.'],
  ['a full ring', dropped('FULL_RING', 'tun_net_xmit'), 'device.reason', 'known', 'The ring of eth0 in db is full: what reads it (a program, a virtual machine, the other end) is too slow.'],
  ['a bad checksum', { state: udp(), ...dropped('UDP_CSUM', '__udp4_lib_rcv') }, 'checksum.bad', 'known', 'Its UDP checksum is wrong in db: it was changed or damaged on its way from 10.1.0.2.'],
  ['fragments that did not come', dropped('FRAG_REASM_TIMEOUT', 'ip_expire'), 'fragment.reason', 'known', 'The other fragments of it did not come in time in db.'],
  ['a fragment that could not be sent', { state: { ...udp(), mtu: 10 }, ...silent('ip_do_fragment'), children: [[6, RELATION.fragment], [7, RELATION.fragment]] }, 'fragment.unsent', 'likely', 'It was being cut into fragments in db, of which packet 7 probably could not be sent: what was left is dropped.'],
  ['reassembly, without a reason', silent('ip_frag_queue'), 'fragment.unnamed', 'likely', 'It is a fragment, and probably overlaps another, or there is no room for it in db.'],
  ['no memory', dropped('NOMEM', 'pskb_expand_head'), 'memory.reason', 'known', 'The kernel found no memory for it on eth0 in db.'],
  ['spanning tree', dropped('BRIDGE_INGRESS_STP_STATE', 'br_handle_frame_finish'), 'bridge.state', 'known', 'The bridge port eth0 in db does not forward: spanning tree blocks it, or it still listens.'],
  ['a bridge, without a reason', silent('br_forward'), 'bridge.unnamed', 'likely', 'The bridge dropped it on eth0 in db: its destination is probably behind the port that it came from (hairpin is off), or behind none that is up.'],
  ['a VNI that nobody has', dropped('VXLAN_VNI_NOT_FOUND', 'vxlan_rcv'), 'tunnel.reason', 'known', 'No VXLAN interface has the VNI in db.'],
  ['a tunnel, without a reason', silent('ipgre_xmit'), 'tunnel.unnamed', 'likely', 'The tunnel on eth0 in db refused it: probably its key, addresses or remote end do not fit.'],
  ['an unknown place', silent('my_module_rcv'), 'unknown.dropped', 'known', 'The kernel dropped it in my_module_rcv on eth0 in db and gave no reason.'],
  ['a reason of a later kernel', dropped('BRAND_NEW', 'ip_rcv'), 'unknown.dropped', 'known', 'The kernel dropped it in ip_rcv on eth0 in db: BRAND_NEW.'],
  ['a drop whose record was lost', { ended: 'dropped' }, 'unknown.dropped', 'known', 'It was dropped; the record of where and why was lost.'],
  ['a neighbour that it waits for', { state: udp(), decisions: [{ what: 'neighbour', value: 1, used: 1 }] }, 'neighbour.waiting', 'known', 'It has been waiting for 2.00 s for the link-layer address of 10.1.0.3 in db.', 2e9],
  ['a queue that it waits in', { through: ['tbf_enqueue'] }, 'queue.waiting', 'known', 'It has been in the queue of eth0 in db for 2.00 s.', 2e9],
  ['a ping that does not read it', { state: icmpReply, through: ['raw_rcv', 'sock_queue_rcv_skb_reason', 'sk_filter_trim_cap'] }, 'socket.unread', 'known', 'It is in the receive buffer of 10.1.0.3 in db; its program has not read it for 2.00 s.', 2e9],
  ['a program that does not read it', { state: udp(7000), through: ['__udp_enqueue_schedule_skb'] }, 'socket.unread', 'known', 'It is in the receive buffer of 10.1.0.3:7000 in db; its program has not read it for 2.00 s.', 2e9],
  ['nothing that is known, for long', { through: ['ip_output'] }, 'ending.in-flight', 'known', 'It has not ended, and was last seen 2.00 s ago in ip_output in db.', 2e9],
  ['GRO, into another', { children: [[9, RELATION.merge]], ...ended }, 'ending.passed-on', 'known', 'It was merged into packet 9, for fewer and larger packets (GRO).'],
  ['reassembly', { decisions: [{ what: 'hook', value: 0, pf: 2 }], children: [[9, RELATION.reassembly]], ...ended }, 'ending.passed-on', 'known', 'It is a fragment, and was put together with the others as packet 9.'],
  ['the first fragment, whose header the datagram has', { children: [[9, RELATION.morph], [9, RELATION.reassembly]], ...ended }, 'ending.passed-on', 'known', 'It is a fragment, and was put together with the others as packet 9.'],
  ['GSO, into segments', { children: [[9, RELATION.segment], [10, RELATION.segment]], ...ended }, 'ending.passed-on', 'known', 'It was cut into 2 segments (GSO), the first of them packet 9.'],
  ['delivery', { state: udp(7000), through: ['ip_rcv', 'udp_rcv'], ...ended }, 'ending.ordinary', 'known', 'It was delivered to 10.1.0.3:7000 in db.'],
  ['a tap', { state: udp(7000), through: ['packet_rcv', 'skb_copy_datagram_iter'], ...ended }, 'ending.ordinary', 'known', 'A packet socket (tcpdump, say) got this copy of it on eth0 in db.'],
  ['a copy of which no more is known', { state: udp(7000), through: ['skb_copy_datagram_iter'], ...ended }, 'ending.ordinary', 'likely', 'A program read this copy of it in db, probably from a packet socket (tcpdump, say).'],
  ['a driver', { through: ['dev_hard_start_xmit'], ...ended }, 'ending.ordinary', 'known', 'It was handed to the driver of eth0 in db, which sent it.'],
]; // biome-ignore format: a table

describe('a packet that met', () => {
  for (const [what, story, rule, certainty, title, nowNs] of CASES)
    it(what, () => {
      const { path, names } = build(story);
      expect(diagnose(path, names, [], at(nowNs))).toMatchObject({ rule, certainty, title });
    });

  it('nothing yet has no diagnosis', () => {
    const { path, names } = build({ state: udp() });
    expect(diagnose(path, names)).toBeUndefined();
    expect(diagnose(path, names, [], { nowNs: asNs(5000) })).toBeUndefined();
  });
});

it.each([...REASONS_6_1, ...REASONS_SINCE])('%s has a rule and is known', (reason) => {
  const { path, names } = build({ state: udp(), drop: [reason, 'some_function'] });
  const diagnosis = diagnose(path, names);
  expect(diagnosis).toMatchObject({ certainty: 'known', reason });
  expect(diagnosis?.rule).not.toBe('unknown.dropped');
  expect(diagnosis?.title).toMatch(/^[A-Z0-9].*\.$/);
});

it('never gives a guess as a fact', () => {
  for (const [, story, , , , nowNs] of CASES) {
    const { path, names } = build(story);
    const found = diagnose(path, names, [], at(nowNs));
    expect(/probably/i.test(found?.title ?? ''), found?.title).toBe(found?.certainty === 'likely');
  }
});

it('says who listens, and who does not', () => {
  const { path, names } = build({ state: udp(), drop: ['NO_SOCKET', '__udp4_lib_rcv'] });
  const [query] = diagnose(path, names)?.wants ?? [];
  expect(query).toEqual({ kind: 'listeners', netns: 2, protocol: 'udp', port: 9998 });
  const told = (...lines: string[]) =>
    diagnose(path, names, query && [fact(query, ...lines)])?.evidence[0]?.text;
  expect(told()).toBe('nobody listens on udp 9998 in db');
  expect(told('UNCONN 0 0 127.0.0.1:9998 0.0.0.0:* users:(("app",pid=7,fd=3))')).toBe(
    'a socket is bound to 127.0.0.1:9998 (app, pid 7)',
  );
});

it('has rules with names of their own', () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
});
