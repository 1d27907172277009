/**
 * What can be asked about a host to explain a packet's end, and what was found. A query names a kind and validated
 * values, never a command: which program the agent runs for it stands in core/model/facts.ts.
 */
import * as v from 'valibot';
import { finite, list, matching, natural, text, uint32, whole } from '../base/schema.ts';

/** Queries that one request may have. */
export const FACT_QUERIES_MAX = 16;
/** Lines of an answer that are kept, and characters of each. */
export const FACT_LINES_MAX = 200;
export const FACT_LINE_MAX = 400;

/** Namespace inode; 0 is the agent's own. */
const netns = uint32;
/** As the kernel's dev_valid_name() has it, without what a program could take for an option. */
const device = matching(/^[\w.][\w.@:+-]{0,14}$/, 'the name of an interface');
/** Without a zone. What a URL takes between brackets is IPv6. */
const isIpv6 = (host: string) => /^[\da-f:.]+$/i.test(host) && URL.canParse(`http://[${host}]`);
const address = v.custom<string>(
  (value) => typeof value === 'string' && (v.IPV4_REGEX.test(value) || isIpv6(value)),
  'expected an IP address',
);
const port = whole(1, 65535);
const family = v.picklist(['4', '6']);
/** Names of tables and chains; nft's own syntax allows little more. */
const ruleName = matching(/^[\w.+][\w.+-]{0,63}$/, 'the name of a table or chain');

/** Settings that explain something, below /proc/sys/net; DEV stands for an interface, `all` or `default`. */
const SETTINGS = [
  'core/netdev_max_backlog', 'core/rmem_max', 'core/somaxconn', 'core/default_qdisc',
  'ipv4/conf/DEV/accept_local', 'ipv4/conf/DEV/arp_filter', 'ipv4/conf/DEV/arp_ignore', 'ipv4/conf/DEV/drop_gratuitous_arp',
  'ipv4/conf/DEV/drop_unicast_in_l2_multicast', 'ipv4/conf/DEV/forwarding', 'ipv4/conf/DEV/route_localnet',
  'ipv4/conf/DEV/rp_filter', 'ipv4/conf/DEV/src_valid_mark', 'ipv4/icmp_echo_ignore_all',
  'ipv4/icmp_echo_ignore_broadcasts', 'ipv4/ip_default_ttl', 'ipv4/ip_forward', 'ipv4/ipfrag_high_thresh',
  'ipv4/ipfrag_max_dist', 'ipv4/ipfrag_time', 'ipv4/neigh/DEV/unres_qlen_bytes', 'ipv4/neigh/default/gc_thresh3',
  'ipv4/tcp_abort_on_overflow', 'ipv4/tcp_max_syn_backlog', 'ipv4/tcp_mem', 'ipv4/tcp_rmem', 'ipv4/tcp_syncookies',
  'ipv4/tcp_timestamps', 'ipv4/udp_mem', 'ipv4/tcp_fastopen', 'ipv6/conf/DEV/disable_ipv6',
  'ipv6/conf/DEV/drop_unicast_in_l2_multicast', 'ipv6/conf/DEV/forwarding', 'ipv6/icmp/echo_ignore_all',
  'ipv6/ip6frag_high_thresh', 'ipv6/ip6frag_time', 'ipv6/neigh/default/gc_thresh3',
  'bridge/bridge-nf-call-arptables', 'bridge/bridge-nf-call-ip6tables', 'bridge/bridge-nf-call-iptables',
  'netfilter/nf_conntrack_count', 'netfilter/nf_conntrack_max', 'netfilter/nf_conntrack_tcp_be_liberal',
  'netfilter/nf_conntrack_tcp_loose',
]; // biome-ignore format: a table
const SETTING = new RegExp(
  `^net/(?:${SETTINGS.map((name) => name.replaceAll('.', '\\.').replace('DEV', '(?!\\.)[\\w.@:+-]{1,15}')).join('|')})$`,
);

export const factQuerySchema = v.variant('kind', [
  /** One setting, as `net/ipv4/conf/eth0/rp_filter`. */
  v.object({
    kind: v.literal('sysctl'),
    netns,
    name: matching(SETTING, 'a setting that is told'),
  }),
  /** Where the kernel would send such a packet. */
  v.object({
    kind: v.literal('route'),
    netns,
    to: address,
    from: v.optional(address),
    /** Interface that it comes in on, for a packet that is not made here. */
    iif: v.optional(device),
    mark: v.optional(whole(1, 0xffffffff)),
  }),
  /** Policy routing. */
  v.object({ kind: v.literal('rules'), netns, family }),
  v.object({ kind: v.literal('neighbour'), netns, address, device: v.optional(device) }),
  /** Sockets that are bound to a port. */
  v.object({ kind: v.literal('listeners'), netns, protocol: v.picklist(['tcp', 'udp']), port }),
  v.object({ kind: v.literal('qdisc'), netns, device }),
  /** tc's filters at an interface. */
  v.object({ kind: v.literal('filters'), netns, device, direction: v.picklist(['ingress', 'egress']) }),
  /** State, addresses, MTU, counters, XDP program. */
  v.object({ kind: v.literal('interface'), netns, device }),
  v.object({ kind: v.literal('addresses'), netns }),
  /** A bridge port's settings and VLANs. */
  v.object({ kind: v.literal('bridgePort'), netns, device }),
  /** Of nftables: the rule with this handle, or (handle 0) the whole chain. The families are tried in turn. */
  v.object({
    kind: v.literal('nftRule'),
    netns,
    families: list(v.picklist(['inet', 'ip', 'ip6', 'bridge', 'arp', 'netdev']), 3, 1),
    table: ruleName,
    chain: ruleName,
    handle: natural,
  }),
  /** Of legacy iptables: the rules of a chain. */
  v.object({ kind: v.literal('iptables'), netns, family, table: ruleName, chain: ruleName }),
  /** How many connections are tracked, and how many may be. */
  v.object({ kind: v.literal('conntrack'), netns }),
  v.object({ kind: v.literal('xfrmPolicies'), netns }),
  /** Counters of /proc/net/snmp, snmp6, netstat and xfrm_stat, as `TcpExt.ListenOverflows`. */
  v.object({
    kind: v.literal('counters'),
    netns,
    names: list(matching(/^\w{1,64}(\.\w{1,64})?$/, 'the name of a counter'), 16, 1),
  }),
]);
export type FactQuery = v.InferOutput<typeof factQuerySchema>;
export type FactKind = FactQuery['kind'];

export const factQueriesSchema = list(factQuerySchema, FACT_QUERIES_MAX, 1);

export const factSchema = v.object({
  query: factQuerySchema,
  /** Wall clock (ms since 1970) when it was read: the packet was there before. */
  readAtUnixMs: finite,
  answer: v.variant('ok', [
    v.object({
      ok: v.literal(true),
      lines: list(text(FACT_LINE_MAX), FACT_LINES_MAX),
      /** There was more. */
      isCut: v.boolean(),
    }),
    /** Why it could not be read. */
    v.object({ ok: v.literal(false), reason: text(FACT_LINE_MAX) }),
  ]),
});
export type Fact = v.InferOutput<typeof factSchema>;

export const factsSchema = v.object({ facts: list(factSchema, FACT_QUERIES_MAX) });
