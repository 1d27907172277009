/** WireGuard: the packet that it encrypts stays one, from one wg device to the other. */
import { check, equal, inOrder, only } from './check.ts';
import { childrenOf, ends, functionsOf, hopIn, originsOf, said, saidAt, WHY } from './expect.ts';
import { address, ip, Running, run, shell, tool, wire, withNamespaces } from './network.ts';
import { originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { erasOf } from './story.ts';
import type { Packet } from './trace.ts';

const PEERS = tool('peers');
const [A, B] = ['wg-a', 'wg-b'];
const [OUTSIDE, INSIDE] = [141, 142];
const PORT = 51820;
const HEADERS = 28;
/** UDP header, WireGuard's own, and the authentication tag. */
const ADDED = 8 + 16 + 16;

/** What is begun inside, and what is begun when it is encrypted already: the latter is known by its length. */
const CLEAR = { port: 7301, bytes: 600 };
const SEALED = { port: 7302, bytes: 850 };
const NOWHERE = 7303;

/** Length of the UDP datagram that carries so many bytes: they are filled up to 16. */
const sealedLength = (bytes: number): number => Math.ceil((HEADERS + bytes) / 16) * 16 + ADDED;

const withWireguard = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([A, B], async () => {
    wire({ netns: A, device: 'under', host: 1 }, { netns: B, device: 'under', host: 2 }, { net: OUTSIDE });
    const keys = [A, B].map((netns) => run(netns, 'wg', 'genkey').trim());
    const publicKeys = [A, B].map((netns, i) => shell(netns, `echo ${keys[i]} | wg pubkey`).trim());
    [A, B].forEach((netns, i) => {
      const [own, other] = [i + 1, 2 - i];
      ip(netns, 'link add wg0 type wireguard', `addr add ${address(INSIDE, own)}/24 dev wg0`);
      shell(
        netns,
        `wg set wg0 listen-port ${PORT} private-key <(echo ${keys[i]}) peer ${publicKeys[1 - i]} allowed-ips ${address(INSIDE, other)}/32 endpoint ${address(OUTSIDE, other)}:${PORT}`,
      );
      ip(netns, 'link set wg0 up');
    });
    await use();
  });

const HEADER = ['saddr', 'daddr', 'dport', 'ip_len'];
const inside = ({ port, bytes }: typeof CLEAR) => [
  address(INSIDE, 1),
  address(INSIDE, 2),
  port,
  HEADERS + bytes,
];
const outside = ({ bytes }: typeof CLEAR) => [
  address(OUTSIDE, 1),
  address(OUTSIDE, 2),
  PORT,
  20 + sealedLength(bytes),
];

/** Told at the hop. */
const at = (packet: Packet, func: string, fields: readonly string[]) =>
  fields.map((field) => saidAt(packet, hopIn(packet, func), field));

function throughTunnel(packet: Packet, what: typeof CLEAR, beginsInside: boolean): void {
  equal(
    erasOf(packet, HEADER),
    [...(beginsInside ? [inside(what)] : []), outside(what), inside(what)],
    'headers along the path',
  );
  equal(new Set(erasOf(packet, ['tunnel', 'inner_dport'])).size, 1, 'what is encrypted is not told');
  equal(originsOf(packet), [], 'what it came out of');
  equal(staysOf(packet), [A, B], 'namespaces');
  inOrder(
    functionsOf(packet),
    [
      ...(beginsInside ? ['ip_output', 'wg_xmit', 'udp_tunnel_xmit_skb', 'iptunnel_xmit'] : []),
      'ip_local_out',
      'veth_xmit',
      'udp_rcv',
      'wg_receive',
      'napi_gro_receive',
      'ip_rcv_core',
      '__udp_enqueue_schedule_skb',
    ],
    'into the tunnel and out of it',
  );
  if (beginsInside) {
    equal(at(packet, 'wg_xmit', HEADER), inside(what), 'header at wg_xmit');
    equal(at(packet, 'udp_tunnel_xmit_skb', ['len']), [sealedLength(what.bytes) - 8], 'encrypted bytes');
  }
  equal(at(packet, 'ip_local_out', [...HEADER, 'ifname']), [...outside(what), 'wg0'], 'sent by');
  equal(at(packet, 'wg_receive', [...HEADER, 'ifname']), [...outside(what), 'under'], 'header at wg_receive');
  equal(at(packet, 'napi_gro_receive', [...HEADER, 'ifname']), [...inside(what), 'wg0'], 'decrypted');
  equal(at(packet, '__udp_enqueue_schedule_skb', ['len']), [what.bytes], 'bytes for the socket');
  ends(packet, {
    verdict: 'delivered',
    rule: 'ending.ordinary',
    tone: 'ordinary',
    title: new RegExp(`^It was delivered to ${address(INSIDE, 2)}:${what.port} in ${B}\\.$`),
  });
  equal(
    packet.diagnosis?.evidence,
    [
      ...(beginsInside
        ? [`it went into a tunnel (wireguard) from ${address(OUTSIDE, 1)} to ${address(OUTSIDE, 2)}`]
        : []),
      `it came out of the tunnel (wireguard) at ${address(OUTSIDE, 2)}`,
    ],
    'the tunnel, and no translation',
  );
}

const STREAM = 8000;
const STREAM_PORT = 7304;

/** A packet of several segments is cut by the device, and each of them encrypted. */
function cutInTunnel(packets: ReadonlyMap<number, Packet>, large: Packet): void {
  const count = Number(said(large, 'gso_segs')[0]);
  const parts = childrenOf(packets, large, 'segment');
  equal(parts.length, count, 'segments');
  equal(functionsOf(large).at(-1), 'wg_xmit', 'where it is cut');
  ends(large, {
    verdict: 'consumed',
    rule: 'ending.passed-on',
    tone: 'ordinary',
    title: new RegExp(
      `^It was cut into ${count} segments \\(GSO\\), the first of them packet ${parts[0]?.id}\\.$`,
    ),
  });
  for (const part of parts) {
    equal(originsOf(part)[0], `segment of ${large.id}`, 'origin of a segment');
    equal(staysOf(part), [A, B], 'namespaces of a segment');
    equal(
      said(part, 'dport').filter((port) => port !== STREAM_PORT && port !== PORT),
      [],
      'ports of a segment',
    );
    equal(at(part, 'ip_local_out', ['saddr', 'dport']), [address(OUTSIDE, 1), PORT], 'outside');
    equal(at(part, 'napi_gro_receive', ['saddr', 'dport']), [address(INSIDE, 1), STREAM_PORT], 'decrypted');
    inOrder(
      functionsOf(part),
      ['udp_tunnel_xmit_skb', 'veth_xmit', 'wg_receive', 'napi_gro_receive'],
      'path of a segment',
    );
  }
}

export const wireguard: readonly Scenario[] = [
  {
    name: 'a datagram through WireGuard is one packet, with the outer header only while it is encrypted',
    run: () =>
      withWireguard(async () => {
        const readers = [
          await Running.start(B, PEERS, 'udp-take', String(CLEAR.port), '1'),
          await Running.start(B, PEERS, 'udp-take', String(SEALED.port), '1'),
        ];
        const { packets } = await trace({
          args: [
            ...WHY,
            `udp dst port ${CLEAR.port} or udp dst port ${NOWHERE} or (udp dst port ${PORT} and udp[4:2] = ${sealedLength(SEALED.bytes)})`,
          ],
          async traffic() {
            // the two shake hands
            run(A, 'ping', '-q', '-c1', '-W20', address(INSIDE, 2));
            for (const { port, bytes } of [CLEAR, SEALED])
              run(A, PEERS, 'udp-send', address(INSIDE, 2), String(port), '1', String(bytes));
            shell(A, `echo x > /dev/udp/${address(INSIDE, 9)}/${NOWHERE} || true`);
            for (const reader of readers) await reader.ended();
          },
        });
        const all = [...packets.values()];
        equal(all.length, 3, 'packets');
        const to = (port: number) =>
          only(all, (packet) => packet.hops.some(({ dport }) => dport === port), `to port ${port}`);
        throughTunnel(to(CLEAR.port), CLEAR, true);
        throughTunnel(to(SEALED.port), SEALED, false);
        equal(functionsOf(to(NOWHERE)).at(-1), 'wg_xmit', 'where what no peer may have ends');
        ends(to(NOWHERE), {
          verdict: 'dropped',
          reason: 'NOT_SPECIFIED',
          location: /^wg_xmit$/,
          rule: 'tunnel.unnamed',
          certainty: 'likely',
          tone: 'problem',
          title: new RegExp(
            `^The tunnel on wg0 in ${A} refused it: probably no peer has that address or key\\.$`,
          ),
        });
      }),
  },
  {
    name: 'segments of a large TCP packet go through WireGuard as its children, each encrypted on its own',
    run: () =>
      withWireguard(async () => {
        const reader = await Running.start(B, PEERS, 'tcp-take', String(STREAM_PORT), String(STREAM));
        const { packets } = await trace({
          args: [...WHY, `tcp dst port ${STREAM_PORT}`],
          async traffic() {
            run(A, PEERS, 'tcp-send', address(INSIDE, 2), String(STREAM_PORT), String(STREAM));
            await reader.ended();
          },
        });
        const large = originals(packets.values()).filter(
          (packet) => Number(said(packet, 'gso_segs')[0] ?? 0) > 1,
        );
        check(large.length > 0, 'TCP makes packets of more than one segment', packets.size);
        for (const packet of large) cutInTunnel(packets, packet);
      }),
  },
];
