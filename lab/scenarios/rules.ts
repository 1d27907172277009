/** Which rule of nftables, iptables, ebtables decided: chain and handle as the listing has them. */
import { check, equal, only } from './check.ts';
import { ip, nft, run, shell, wire, withNamespaces } from './network.ts';
import { originals } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { begins, decisionsOf, droppedAs, explained, placesOf } from './story.ts';
import type { Line, Packet } from './trace.ts';

const [A, B] = ['f-a', 'f-b'];
const RULES = `
table inet shop {
	map doors {
		type inet_service : verdict
		elements = { 6101 : drop, 6102 : accept, 6103 : jump cellar }
	}
	chain input {
		type filter hook input priority filter; policy drop;
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		udp dport 6001-6009 jump side
		udp dport vmap @doors
		tcp dport 6201 reject with tcp reset
		udp dport 6202 reject
		udp dport 6203 goto cellar
		udp dport 6204 accept
	}
	chain side {
		udp dport 6001 accept
		udp dport 6002 return
		udp dport 6003 counter drop
		udp dport 6004 jump cellar
	}
	chain cellar {
		udp dport 6500 accept
		udp dport { 6004, 6103, 6203 } drop
	}
}
`;

interface Case {
  readonly port: number;
  readonly verdict: 'ACCEPT' | 'DROP' | 'REJECT' | 'policy';
  readonly chain: string;
  /** The rule as it is listed. */
  readonly rule?: string;
}

const CASES: readonly Case[] = [
  { port: 6001, verdict: 'ACCEPT', chain: 'side', rule: 'udp dport 6001 accept' },
  { port: 6002, verdict: 'policy', chain: 'input' },
  { port: 6003, verdict: 'DROP', chain: 'side', rule: 'udp dport 6003 counter packets \\d+ bytes \\d+ drop' },
  { port: 6004, verdict: 'DROP', chain: 'cellar', rule: 'udp dport \\{ 6004, 6103, 6203 \\} drop' },
  { port: 6101, verdict: 'DROP', chain: 'input', rule: 'udp dport vmap @doors' },
  { port: 6102, verdict: 'ACCEPT', chain: 'input', rule: 'udp dport vmap @doors' },
  { port: 6103, verdict: 'DROP', chain: 'cellar', rule: 'udp dport \\{ 6004, 6103, 6203 \\} drop' },
  { port: 6201, verdict: 'REJECT', chain: 'input', rule: 'tcp dport 6201 reject with tcp reset' },
  { port: 6202, verdict: 'REJECT', chain: 'input', rule: 'udp dport 6202 reject' },
  { port: 6203, verdict: 'DROP', chain: 'cellar', rule: 'udp dport \\{ 6004, 6103, 6203 \\} drop' },
  { port: 6204, verdict: 'ACCEPT', chain: 'input', rule: 'udp dport 6204 accept' },
  { port: 6400, verdict: 'policy', chain: 'input' },
];

/** The rule's handle in a listing; 0 for no rule. */
function handleOf(listing: string, { chain, rule }: Case): number {
  if (rule === undefined) return 0;
  const from = listing.slice(listing.indexOf(`chain ${chain} {`));
  const handle = new RegExp(`\\s${rule} # handle (\\d+)\\n`).exec(from)?.[1];
  check(handle !== undefined, `${rule} is listed in ${chain}`, listing);
  return Number(handle);
}

function decidedBy(packet: Packet, one: Case, listing: string): void {
  const { port, verdict, chain } = one;
  const handle = handleOf(listing, one);
  const what = `port ${port}`;
  const table = only(decisionsOf(packet, 'table'), () => true, `table decision, ${what}`);
  equal(
    [table.verdict, table.func, table.family, table.hook, table.table, table.chain, table.rule_handle ?? 0],
    [verdict === 'ACCEPT' ? 'ACCEPT' : 'DROP', 'nft_do_chain', 'inet', 'INPUT', 'shop', chain, handle],
    `${what}: what decided`,
  );
  check(Number(table.spent_ns) > 0, `${what}: time spent`, table);
  equal(placesOf(packet), [A, B], `${what}: namespaces`);
  if (verdict === 'ACCEPT') {
    droppedAs(packet, 'NO_SOCKET', /^__udp4_lib_rcv/, what);
    explained(packet, { verdict: 'dropped', rule: 'socket.none' }, what);
    return;
  }
  droppedAs(packet, 'NETFILTER_DROP', /^(nft_do_chain|nf_hook_slow)/, what);
  const rule = handle === 0 ? '' : ` rule ${handle}`;
  explained(
    packet,
    {
      verdict: 'dropped',
      rule: 'netfilter.table',
      title: new RegExp(
        `^The firewall ${verdict === 'REJECT' ? 'rejected' : 'dropped'} it in ${B}: nftables inet shop ${chain}${rule}${chain === 'input' ? '' : ', at INPUT'}${verdict === 'policy' ? ', by its policy' : ''}\\.$`,
      ),
      evidence: [
        one.rule === undefined ? /^policy of input: drop$/ : new RegExp(`^rule ${handle}: ${one.rule}$`),
      ],
    },
    what,
  );
}

const handles: Scenario = {
  name: 'a verdict of nftables names chain and rule as nft -a lists them: jumps, maps, reject, policy',
  run: () =>
    withNamespaces([A, B], async () => {
      wire({ netns: A, device: 'a0', host: 1 }, { netns: B, device: 'b0', host: 2 }, { net: 121 });
      nft(B, RULES);
      const { packets } = await trace({
        args: ['--keep', '--route', '--why', 'dst portrange 6000-6999'],
        traffic: () => {
          shell(
            A,
            'exec 2> /dev/null',
            ...CASES.map(({ port }) =>
              port === 6201
                ? `(exec 3<>/dev/tcp/10.121.0.2/${port}) || true`
                : `echo x > /dev/udp/10.121.0.2/${port} || true`,
            ),
          );
        },
      });
      const listing = run(B, 'nft', '-a', 'list', 'ruleset');
      equal(packets.size, CASES.length, 'packets');
      for (const one of CASES)
        decidedBy(
          only([...packets.values()], (packet) => begins(packet, 'dport', one.port), `packet to ${one.port}`),
          one,
          listing,
        );
    }),
};

/** A bridge's own filters: nftables' family, and ebtables, which is in nftables too (Debian has no other installed). */
const BRIDGES = [
  { name: 'nft', port: 6301, chain: 'forward', func: 'nft_do_chain' },
  { name: 'ebtables', port: 6302, chain: 'FORWARD', func: 'nft_do_chain' },
] as const;
export const BRIDGE = 'f-bridge';
/** The ends that the bridge joins: a0 is 10.122.0.1, b0 10.122.0.2. */
export const BRIDGED = { from: A, to: B } as const;

/** A bridge whose frames pass its own filters only. */
export const withBridge = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([A, B, BRIDGE], async () => {
    wire({ netns: A, device: 'a0', host: 1 }, { netns: BRIDGE, device: 'left', host: 3 }, { net: 122 });
    ip('', `link add b0 netns ${B} type veth peer name right netns ${BRIDGE}`);
    shell(
      BRIDGE,
      'ip addr flush dev left',
      'ip link add br0 type bridge mcast_snooping 0',
      'ip link set left master br0 up',
      'ip link set right master br0 up',
      'ip link set br0 up',
      'for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done',
    );
    shell(
      B,
      'ip link set b0 address 02:00:00:00:7a:02 up',
      'ip addr add 10.122.0.2/24 dev b0',
      'ip neigh add 10.122.0.1 lladdr 02:00:00:00:7a:01 dev b0',
    );
    shell(A, 'ip neigh add 10.122.0.2 lladdr 02:00:00:00:7a:02 dev a0');
    await use();
  });

const bridges: Scenario = {
  name: "a frame dropped by a bridge's filter names the table, of nftables and of ebtables",
  run: () =>
    withBridge(async () => {
      shell(BRIDGE, `ebtables -A FORWARD -p IPv4 --ip-proto udp --ip-dport ${BRIDGES[1].port} -j DROP`);
      nft(
        BRIDGE,
        `table bridge wall { chain forward { type filter hook forward priority 0; udp dport ${BRIDGES[0].port} drop; }; }`,
      );
      const { packets } = await trace({
        args: ['--keep', '--route', '--why', 'udp dst portrange 6301-6302'],
        traffic: () => {
          shell(A, ...BRIDGES.map(({ port }) => `echo x > /dev/udp/10.122.0.2/${port}`));
        },
      });
      equal(packets.size, BRIDGES.length, 'packets');
      for (const { name, port, chain, func } of BRIDGES) {
        const packet = only(originals(packets.values()), (one) => begins(one, 'dport', port), name);
        equal(placesOf(packet), [A, BRIDGE], `${name}: namespaces`);
        const isDrop = (one: Line) => one.verdict === 'DROP';
        const refusal = only(decisionsOf(packet, 'table'), isDrop, `${name}: refusal`);
        equal(
          [refusal.func, refusal.family, refusal.hook, refusal.table, refusal.chain],
          [func, 'bridge', 'FORWARD', name === 'nft' ? 'wall' : 'filter', chain],
          `${name}: what decided`,
        );
        droppedAs(packet, 'NETFILTER_DROP', /^(nft_do_chain|nf_hook_slow)/, name);
        explained(packet, { verdict: 'dropped', rule: 'netfilter.table' }, name);
      }
    }),
};

export const rules: readonly Scenario[] = [handles, bridges];
