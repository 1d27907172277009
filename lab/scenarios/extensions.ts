/** IPv6 extension headers are passed over: what is behind them is told, and filters see it. */
import { check, equal, inOrder, only } from './check.ts';
import { Running, run, shell, tool, until, wire, withNamespaces } from './network.ts';
import { staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { endedInOrder, erasOf, explained, functionsOf } from './story.ts';

const [LEFT, ROUTER, RIGHT] = ['e-left', 'e-router', 'e-right'];
const PORT = 6801;
/** IPv6, hop-by-hop options, destination options, UDP, payload. */
const LENGTH = 40 + 8 + 16 + 8 + 9;

export const extensions: readonly Scenario[] = [
  {
    name: 'a forwarded datagram behind IPv6 extension headers is told with its protocol and ports',
    run: () =>
      withNamespaces([LEFT, ROUTER, RIGHT], async () => {
        wire({ netns: LEFT, device: 'a0', host: 2 }, { netns: ROUTER, device: 'r0', host: 1 }, { net: 124 });
        wire({ netns: RIGHT, device: 'b0', host: 2 }, { netns: ROUTER, device: 'r1', host: 1 }, { net: 125 });
        shell(ROUTER, 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
        shell(LEFT, 'ip route add fd00:125::/64 via fd00:124::1');
        shell(RIGHT, 'ip route add fd00:124::/64 via fd00:125::1');
        const reader = await Running.start(RIGHT, tool('udpblast'), 'sink', String(PORT));
        try {
          const { packets } = await trace({
            args: ['--keep', '--route', '--why', `dst host fd00:125::2`],
            traffic: async () => {
              run(LEFT, tool('extensions'), 'fd00:125::2', String(PORT));
              const read = () => /^Udp6InDatagrams\s+1$/m.test(run(RIGHT, 'cat', '/proc/net/snmp6'));
              await until(read, 'the datagram is read');
            },
          });
          const packet = only([...packets.values()], () => true, 'packet');
          equal(staysOf(packet), [LEFT, ROUTER, RIGHT], 'namespaces');
          inOrder(functionsOf(packet), ['ip6_forward', 'ipv6_rcv', 'udpv6_rcv'], 'path');
          const states = erasOf(packet, ['l3_version', 'l4_proto', 'dport', 'ip_len', 'ttl']);
          const whole = states.filter(([, , , length]) => length === LENGTH);
          equal(
            whole,
            [
              [6, 17, PORT, LENGTH, 64],
              [6, 17, PORT, LENGTH, 63],
            ],
            'protocol, port, length, hop limit',
          );
          check(
            states.every(([version, protocol, port]) => version === 6 && protocol === 17 && port === PORT),
            'never another protocol or port',
            states,
          );
          endedInOrder(packet, 'the datagram');
          explained(packet, { verdict: 'delivered', rule: 'ending.ordinary' }, 'the datagram');
        } finally {
          await reader.stop();
        }
      }),
  },
];
