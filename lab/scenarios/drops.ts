/** Why packets die: the kernel's reason and the function, for each way to die in the sample network. */
import { check, equal, only } from './check.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { inNamespace, type Packet } from './trace.ts';

interface Death {
  readonly name: string;
  readonly expression: string;
  readonly from: string;
  readonly command: string;
  readonly reason: string;
  readonly functions: readonly string[];
  readonly where: string;
}

const deaths: readonly Death[] = [
  {
    name: 'a TCP connection dropped by an iptables FORWARD rule ends with NETFILTER_DROP',
    expression: 'tcp dst port 81',
    from: 'outside',
    command: 'timeout 2 bash -c "exec 3<>/dev/tcp/10.1.0.3/81"; true',
    reason: 'NETFILTER_DROP',
    functions: ['nft_do_chain', 'nf_hook_slow'], // Debian's iptables makes nftables rules
    where: 'host',
  },
  {
    name: 'a datagram dropped by an nftables rule ends with NETFILTER_DROP',
    expression: 'udp dst port 9999',
    from: 'web',
    command: 'echo x > /dev/udp/10.1.0.3/9999',
    reason: 'NETFILTER_DROP',
    functions: ['nft_do_chain', 'nf_hook_slow'],
    where: 'db',
  },
  {
    name: 'a datagram to a closed port ends with NO_SOCKET',
    expression: 'udp dst port 9998',
    from: 'web',
    command: 'echo x > /dev/udp/10.1.0.3/9998',
    reason: 'NO_SOCKET',
    functions: ['__udp4_lib_rcv'],
    where: 'db',
  },
];

export const drops: readonly Scenario[] = deaths.map((death) => ({
  name: death.name,
  async run() {
    const { packets } = await trace({
      args: ['--keep', death.expression],
      traffic: () => {
        inNamespace(death.from, 'bash', '-c', death.command);
      },
    });
    const dropped: readonly Packet[] = [...packets.values()].filter((packet) => packet.drops.length > 0);
    check(dropped.length > 0, 'a packet is dropped', [...packets.values()]);
    for (const packet of dropped) {
      const drop = only(packet.drops, () => true, 'drop');
      equal(drop.reason, death.reason, "the kernel's reason");
      const location = String(drop.location).replace(/\+0x.*$/, '');
      check(death.functions.includes(location), `dropped in ${death.functions.join(' or ')}`, drop.location);
      equal(drop.netns_name, death.where, 'namespace of the drop');
      equal(packet.frees.length, 1, 'ends');
    }
  },
}));
