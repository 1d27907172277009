/** What an answer means, in the words of the evidence; outputs as the programs of Debian 12 print them. */
import { expect, it } from 'vitest';
import type { FactQuery } from '../../../messages/facts.ts';
import { NameBook } from '../../names.ts';
import { tellFact } from '../tell.ts';
import { fact } from './build.ts';

const names = new NameBook();
names.take({ namespaces: [{ inode: 2, name: 'db', origin: 'named', interfaces: [] }] });
const on = { netns: 2, device: 'eth0' };

const CASES: readonly (readonly [FactQuery, readonly string[], readonly string[]])[] = [
  [{ kind: 'sysctl', netns: 2, name: 'net/ipv4/conf/eth0.7/rp_filter' }, ['2'], ['net/ipv4/conf/eth0.7/rp_filter is 2 (loose)']],
  [{ kind: 'sysctl', netns: 2, name: 'net/ipv4/ip_forward' }, ['0'], ['net.ipv4.ip_forward is 0 (off)']],
  [{ kind: 'sysctl', netns: 2, name: 'net/core/rmem_max' }, ['212992'], ['net.core.rmem_max is 212992']],
  [{ kind: 'route', netns: 2, to: '10.9.9.9' }, ['10.9.9.9 via 10.1.0.1 dev eth0 src 10.1.0.3 uid 0', '    cache'], ['route to 10.9.9.9: 10.9.9.9 via 10.1.0.1 dev eth0 src 10.1.0.3 uid 0']],
  [{ kind: 'rules', netns: 2, family: '4' }, ['0:\tfrom all lookup local', '100:\tfrom 10.1.0.0/24 lookup 7', '32766:\tfrom all lookup main'], ['policy rule 100: from 10.1.0.0/24 lookup 7']],
  [{ kind: 'neighbour', netns: 2, address: '10.1.0.9' }, [], ['10.1.0.9 is not in the neighbour table']],
  [{ kind: 'neighbour', netns: 2, address: '10.1.0.9' }, ['10.1.0.9 dev eth0  used 4/4/1 probes 6 FAILED'], ['neighbour 10.1.0.9 dev eth0  used 4/4/1 probes 6 FAILED']],
  [{ kind: 'qdisc', ...on }, ['qdisc tbf 1: root refcnt 2 rate 1Mbit', ' Sent 1 bytes 1 pkt (dropped 7, overlimits 0 requeues 0)', ' backlog 0b 0p requeues 0'], ['qdisc tbf 1: root refcnt 2 rate 1Mbit', 'Sent 1 bytes 1 pkt (dropped 7, overlimits 0 requeues 0)']],
  [{ kind: 'interface', ...on }, ['2: eth0: <BROADCAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000', '    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff promiscuity 0', '    RX: bytes'], ['2: eth0: <BROADCAST> mtu 1500 qdisc noop state DOWN', 'link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff']],
  [{ kind: 'iptables', netns: 2, family: '4', table: 'filter', chain: 'FORWARD' }, [':FORWARD DROP [1:60]', '-A FORWARD -p tcp -j ACCEPT'], ['policy of FORWARD: DROP', '-A FORWARD -p tcp -j ACCEPT']],
  [{ kind: 'nftRule', netns: 2, families: ['ip'], table: 't', chain: 'c', handle: 0 }, ['table ip t {', '\tchain c { # handle 1', '\t\ttype filter hook input priority filter; policy drop;', '\t\taccept # handle 4'], ['policy of c: drop', 'rule 4: accept']],
  [{ kind: 'nftRule', netns: 2, families: ['ip'], table: 't', chain: 'c', handle: 9 }, ['table ip t {', '\tchain c { # handle 1'], ['rule 9 is not there any more']],
  [{ kind: 'conntrack', netns: 2 }, ['17', '262144'], ['17 connections are tracked, of 262144 that may be']],
  [{ kind: 'xfrmPolicies', netns: 2 }, [], ['there are no IPsec policies']],
  [{ kind: 'counters', netns: 2, names: ['TcpExt.ListenDrops'] }, ['TcpExt.ListenDrops 5'], ['counter TcpExt.ListenDrops is 5']],
  [{ kind: 'bridgePort', ...on }, ['5: vweb@if2: <UP> mtu 1500 master br0 state blocking', '    hairpin off guard off'], ['5: vweb@if2: <UP> mtu 1500 master br0 state blocking', 'hairpin off guard off']],
]; // biome-ignore format: a table

for (const [query, lines, told] of CASES)
  it(`${query.kind}: ${told[0]}`, () => {
    expect(tellFact(fact(query, ...lines), names)).toEqual(told);
  });
