/** NAT by nftables, iptables-nft and iptables-legacy: what decided, and what of the packet it changed. */
import { check, equal, only } from './check.ts';
import { Running, run, shell, tool, wire, withNamespaces } from './network.ts';
import { originals } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { begins, decisionsOf, endedInOrder, erasOf, explained, placesOf } from './story.ts';
import type { Line, Packet } from './trace.ts';

const [INSIDE, OUTSIDE] = ['n-in', 'n-out'];
/** TCP and UDP that go out, UDP that comes in for another host, or for another port. */
const [OUT_TCP, OUT_UDP, FOR_OTHER, FOR_PORT] = [9000, 9001, 8080, 8081];
const [OTHER_PORT, LOCAL_PORT] = [7000, 7001];

const iptables = (n: number, variant: 'nft' | 'legacy'): string => `
  ${variant === 'legacy' ? 'modprobe -a iptable_nat ip6table_nat' : ''}
  iptables-${variant}-restore <<END
*nat
-A PREROUTING -i o${n} -p udp --dport ${FOR_OTHER} -j DNAT --to-destination 10.${100 + n}.0.2:${OTHER_PORT}
-A PREROUTING -i o${n} -p udp --dport ${FOR_PORT} -j REDIRECT --to-ports ${LOCAL_PORT}
-A POSTROUTING -o o${n} -j MASQUERADE
COMMIT
END
  ip6tables-${variant}-restore <<END
*nat
-A POSTROUTING -o o${n} -j MASQUERADE
COMMIT
END`;

const nftables = (n: number): string => `nft -f - <<END
table inet gate {
	chain arriving {
		type nat hook prerouting priority dstnat;
		iifname "lo" accept
		iifname "o${n}" udp dport ${FOR_OTHER} dnat ip to 10.${100 + n}.0.2:${OTHER_PORT}
		iifname "o${n}" udp dport ${FOR_PORT} redirect to :${LOCAL_PORT}
	}
	chain leaving {
		type nat hook postrouting priority srcnat;
		oifname "o${n}" masquerade
	}
}
END`;

/** The gates between inside (networks 101 …) and outside (111 …), one for each tool. */
interface Gate {
  readonly netns: string;
  readonly n: number;
  readonly rules: string;
  readonly isLegacy?: boolean;
  readonly table: string;
  /** Chains before and after routing; a legacy table has none of its own. */
  readonly chains: readonly [before: string | undefined, after: string | undefined];
  /** What the rules look like in `nft -a list ruleset`, which has no words for ip6tables' MASQUERADE. */
  readonly listed: Readonly<Record<'masquerade' | 'masquerade6' | 'dnat' | 'redirect', RegExp>> | undefined;
}

const GATES: readonly Gate[] = [
  {
    netns: 'n-nft', n: 1, rules: nftables(1), table: 'gate', chains: ['arriving', 'leaving'],
    listed: { masquerade: /masquerade +# handle (\d+)/, masquerade6: /masquerade +# handle (\d+)/, dnat: /dnat ip to .* # handle (\d+)/, redirect: /redirect to .* # handle (\d+)/ },
  },
  {
    netns: 'n-ipt', n: 2, rules: iptables(2, 'nft'), table: 'nat', chains: ['PREROUTING', 'POSTROUTING'],
    listed: { masquerade: /table ip nat.*?masquerade +# handle (\d+)/s, masquerade6: /table ip6 nat.*?oifname "o2" [^\n]*# handle (\d+)/s, dnat: /(?:dnat to|DNAT) [^\n]* # handle (\d+)/, redirect: /(?:redirect to|REDIRECT) [^\n]* # handle (\d+)/ },
  },
  { netns: 'n-leg', n: 3, rules: iptables(3, 'legacy'), isLegacy: true, table: 'nat', chains: [undefined, undefined], listed: undefined },
]; // biome-ignore format: a table

const withGates = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([INSIDE, OUTSIDE, ...GATES.map(({ netns }) => netns)], async () => {
    for (const { netns, n, rules } of GATES) {
      wire(
        { netns: INSIDE, device: `i${n}`, host: 2 },
        { netns, device: `i${n}`, host: 1 },
        { net: 100 + n },
      );
      wire(
        { netns: OUTSIDE, device: `o${n}`, host: 2 },
        { netns, device: `o${n}`, host: 1 },
        { net: 110 + n },
      );
      shell(
        netns,
        'echo 1 > /proc/sys/net/ipv4/ip_forward',
        'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
        rules,
      );
      shell(
        INSIDE,
        `ip route add 10.${110 + n}.0.0/24 via 10.${100 + n}.0.1`,
        `ip route add fd00:${110 + n}::/64 via fd00:${100 + n}::1`,
      );
    }
    const servers: Running[] = [];
    try {
      const serve = async (netns: string, ...ports: string[]) =>
        servers.push(await Running.start(netns, tool('udpblast'), 'serve', ...ports));
      await serve(OUTSIDE, `tcp:${OUT_TCP}`, `udp:${OUT_UDP}`);
      await serve(INSIDE, `udp:${OTHER_PORT}`);
      for (const { netns } of GATES) await serve(netns, `udp:${LOCAL_PORT}`);
      await use();
    } finally {
      for (const server of servers) await server.stop();
    }
  });

function traffic(): void {
  shell(
    INSIDE,
    ...GATES.flatMap(({ n }) => [
      `exec 3<>/dev/tcp/10.${110 + n}.0.2/${OUT_TCP}`,
      'exec 3>&-',
      `echo x > /dev/udp/fd00:${110 + n}::2/${OUT_UDP}`,
    ]),
  );
  shell(
    OUTSIDE,
    ...GATES.flatMap(({ n }) =>
      [FOR_OTHER, FOR_PORT].map((port) => `echo x > /dev/udp/10.${110 + n}.0.1/${port}`),
    ),
  );
}

const conntrackOf = (packet: Packet) =>
  decisionsOf(packet, 'conntrack').map(({ netns_name, state }) => [netns_name, state]);

/** The rule is listed, and this is its handle. */
function handleIn(listing: string, rule: RegExp): number {
  const handle = Number(rule.exec(listing)?.[1]);
  check(handle > 0, `${rule} is listed`, listing);
  return handle;
}

/** NAT was decided once, at the gate; the table that has the rule said so just before. */
function translated(
  packet: Packet,
  gate: Gate,
  rule: 'masquerade' | 'dnat' | 'redirect',
  listing: string,
): void {
  const { netns, table, chains, listed } = gate;
  const isSource = rule === 'masquerade';
  const what = `${netns}: ${rule}`;
  const nat = only(decisionsOf(packet, 'nat'), () => true, `NAT decision, ${what}`);
  equal(
    [nat.verdict, nat.rewrites, nat.hook, nat.netns_name, nat.func],
    [
      'ACCEPT',
      isSource ? 'source' : 'destination',
      isSource ? 'POSTROUTING' : 'PREROUTING',
      netns,
      'nf_nat_manip_pkt',
    ],
    what,
  );
  const hasRule = (one: Line) => one.hook === nat.hook && one.netns_name === netns;
  const by = only(decisionsOf(packet, 'table'), hasRule, `table with the rule, ${what}`);
  const isV6 = packet.hops[0]?.l3_version === 6;
  const handle = listed === undefined ? 0 : handleIn(listing, listed[isV6 ? 'masquerade6' : rule]);
  equal(
    [by.verdict, by.func, by.table, by.chain],
    [
      'ACCEPT',
      gate.isLegacy ? (isV6 ? 'ip6t_do_table' : 'ipt_do_table') : 'nft_do_chain',
      table,
      chains[isSource ? 1 : 0],
    ],
    `${what}: what had the rule`,
  );
  equal(by.rule_handle ?? 0, handle, `${what}: handle`);
}

function masqueraded(packet: Packet, gate: Gate, version: 4 | 6, listing: string): void {
  const { n, netns } = gate;
  const at = (net: number, host: number) => (version === 6 ? `fd00:${net}::${host}` : `10.${net}.0.${host}`);
  equal(placesOf(packet), [INSIDE, netns, OUTSIDE], `${netns}: namespaces`);
  equal(
    erasOf(packet, ['saddr', 'daddr']),
    [
      [at(100 + n, 2), at(110 + n, 2)],
      [at(110 + n, 1), at(110 + n, 2)],
    ],
    `${netns}: addresses`,
  );
  const ids = new Set(erasOf(packet, ['ip_id']).map(String));
  equal(ids.size, 1, `${netns}: IP ids`);
  equal(conntrackOf(packet), [[netns, 'NEW']], `${netns}: conntrack`);
  translated(packet, gate, 'masquerade', listing);
  endedInOrder(packet, `${netns}: masquerade`);
  explained(
    packet,
    {
      verdict: 'delivered',
      rule: 'ending.ordinary',
      evidence: [new RegExp(`^its source address was changed from ${at(100 + n, 2)} to ${at(110 + n, 1)}$`)],
    },
    `${netns}: masquerade`,
  );
}

function redirected(packet: Packet, gate: Gate, port: number, listing: string): void {
  const { n, netns } = gate;
  const [address, to, rule, last] =
    port === FOR_OTHER
      ? [`10.${100 + n}.0.2`, OTHER_PORT, 'dnat' as const, [INSIDE]]
      : [`10.${110 + n}.0.1`, LOCAL_PORT, 'redirect' as const, []];
  equal(placesOf(packet), [OUTSIDE, netns, ...last], `${netns}: namespaces of ${rule}`);
  equal(
    erasOf(packet, ['daddr', 'dport']),
    [
      [`10.${110 + n}.0.1`, port],
      [address, to],
    ],
    `${netns}: destinations of ${rule}`,
  );
  equal(conntrackOf(packet), [[netns, 'NEW']], `${netns}: conntrack of ${rule}`);
  translated(packet, gate, rule, listing);
  endedInOrder(packet, `${netns}: ${rule}`);
  explained(
    packet,
    {
      verdict: 'delivered',
      rule: 'ending.ordinary',
      title: new RegExp(`^It was delivered to ${address}:${to}`),
      evidence: [new RegExp(`^its destination port was changed from ${port} to ${to}$`)],
    },
    `${netns}: ${rule}`,
  );
}

/** What belongs to the connection is translated without asking a rule, both ways. */
function established(all: readonly Packet[], { n, netns }: Gate): void {
  const client = `10.${100 + n}.0.2`;
  const answer = only(
    all,
    (one) => begins(one, 'saddr', `10.${110 + n}.0.2`) && begins(one, 'tcp_flags_text', 'SYN,ACK'),
    `SYN,ACK through ${netns}`,
  );
  equal(placesOf(answer), [OUTSIDE, netns, INSIDE], `${netns}: namespaces of the answer`);
  equal(conntrackOf(answer), [[netns, 'ESTABLISHED_REPLY']], `${netns}: conntrack of the answer`);
  equal(erasOf(answer, ['daddr']), [[`10.${110 + n}.0.1`], [client]], `${netns}: destinations of the answer`);
  const acks = all.filter((one) => begins(one, 'saddr', client) && begins(one, 'tcp_flags_text', 'ACK'));
  check(acks.length > 0, `${netns}: acknowledgements`, acks.length);
  for (const one of [answer, ...acks]) {
    equal(
      decisionsOf(one, 'nat').map(({ rewrites }) => rewrites),
      [one === answer ? 'destination' : 'source'],
      `${netns}: NAT of an established connection`,
    );
    equal(decisionsOf(one, 'table').length, 0, `${netns}: tables asked for an established connection`);
  }
  for (const ack of acks) equal(conntrackOf(ack), [[netns, 'ESTABLISHED']], `${netns}: conntrack of an ACK`);
}

export const nat: readonly Scenario[] = [
  {
    name: 'masquerade, DNAT and redirect tell the rule, what conntrack knows and what they change, by any tool',
    run: () =>
      withGates(async () => {
        const { packets } = await trace({
          args: [
            '--keep',
            '--route',
            '--why',
            `tcp port ${OUT_TCP} or udp port ${OUT_UDP} or udp portrange ${FOR_OTHER}-${FOR_PORT}`,
          ],
          traffic,
        });
        const all = originals(packets.values());
        for (const gate of GATES) {
          const listing = gate.listed === undefined ? '' : run(gate.netns, 'nft', '-a', 'list', 'ruleset');
          const { n } = gate;
          const from = (saddr: string, field: string, value: unknown) =>
            only(
              all,
              (one) => begins(one, 'saddr', saddr) && begins(one, field, value),
              `${value} from ${saddr}`,
            );
          masqueraded(from(`10.${100 + n}.0.2`, 'tcp_flags_text', 'SYN'), gate, 4, listing);
          masqueraded(from(`fd00:${100 + n}::2`, 'dport', OUT_UDP), gate, 6, listing);
          for (const port of [FOR_OTHER, FOR_PORT])
            redirected(from(`10.${110 + n}.0.2`, 'dport', port), gate, port, listing);
          established(all, gate);
        }
      }),
  },
];
