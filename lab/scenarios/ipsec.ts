/** Policies of IPsec (XFRM) that do not let packets in. */
import { equal, only } from './check.ts';
import { ip, Running, shell, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { begins, decisionsOf, droppedAs, explained, placesOf } from './story.ts';

const [A, B] = ['x-a', 'x-b'];
const [BLOCKED, IN_CLEAR] = [6701, 6702];

export const ipsec: readonly Scenario[] = [
  {
    name: 'a datagram that an IPsec policy blocks, or wants encrypted, ends with the policy named',
    run: () =>
      withNamespaces([A, B], async () => {
        wire({ netns: A, device: 'a0', host: 1 }, { netns: B, device: 'b0', host: 2 }, { net: 123 });
        const between = 'src 10.123.0.1/32 dst 10.123.0.2/32 proto udp';
        ip(
          B,
          `xfrm policy add ${between} dport ${BLOCKED} dir in action block`,
          `xfrm policy add ${between} dport ${IN_CLEAR} dir in tmpl proto esp mode transport`,
        );
        const server = await Running.start(B, tool('udpblast'), 'serve', `udp:${BLOCKED}`);
        const { packets } = await trace({
          args: ['--keep', '--route', '--why', `udp dst portrange ${BLOCKED}-${IN_CLEAR}`],
          traffic: () => {
            shell(A, ...[BLOCKED, IN_CLEAR].map((port) => `echo x > /dev/udp/10.123.0.2/${port}`));
          },
        }).finally(() => server.stop());
        equal(packets.size, 2, 'packets');
        for (const [port, counter, reason, place] of [
          [BLOCKED, /^counter XfrmInPolBlock is 1$/, 'XFRM_POLICY', /^udp_queue_rcv_one_skb/],
          // where nobody listens the kernel asks the policy as well, and gives no reason
          [IN_CLEAR, /^counter XfrmInTmplMismatch is 1$/, 'NOT_SPECIFIED', /^__udp4_lib_rcv/],
        ] as const) {
          const packet = only(
            [...packets.values()],
            (one) => begins(one, 'dport', port),
            `packet to ${port}`,
          );
          equal(placesOf(packet), [A, B], `${port}: namespaces`);
          const policy = only(decisionsOf(packet, 'policy'), () => true, `${port}: policy decision`);
          equal(
            [policy.func, policy.value, policy.netns_name],
            ['__xfrm_policy_check', 0, B],
            `${port}: what decided`,
          );
          droppedAs(packet, reason, place, String(port));
          explained(
            packet,
            {
              verdict: 'dropped',
              rule: 'ipsec.policy',
              title: new RegExp(
                `IPsec policy does not allow it from 10\\.123\\.0\\.1 to 10\\.123\\.0\\.2:${port} in ${B}`,
              ),
              evidence: [/not allowed/, counter],
            },
            String(port),
          );
        }
      }),
  },
];
