/**
 * What can be asked about a host to explain a packet's end, and what was found. A query names a kind and validated
 * values, never a command: which program the agent runs for it stands in core/model/facts.ts.
 */
import { z } from 'zod';

/** Queries that one request may have. */
export const FACT_QUERIES_MAX = 16;
/** Lines of an answer that are kept, and characters of each. */
export const FACT_LINES_MAX = 200;
export const FACT_LINE_MAX = 400;

/** Namespace inode; 0 is the agent's own. */
const netns = z.number().int().min(0).max(0xffffffff);
/** As the kernel's dev_valid_name() has it, without what a program could take for an option. */
const device = z.string().regex(/^[\w.][\w.@:+-]{0,14}$/, 'not the name of an interface');
const address = z.union([z.ipv4(), z.ipv6()]);
const port = z.number().int().min(1).max(65535);
const family = z.enum(['4', '6']);
/** Names of tables and chains; nft's own syntax allows little more. */
const ruleName = z.string().regex(/^[\w.+][\w.+-]{0,63}$/, 'not the name of a table or chain');

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

export const factQuerySchema = z.discriminatedUnion('kind', [
  /** One setting, as `net/ipv4/conf/eth0/rp_filter`. */
  z.object({
    kind: z.literal('sysctl'),
    netns,
    name: z.string().max(80).regex(SETTING, 'not a setting that is told'),
  }),
  /** Where the kernel would send such a packet. */
  z.object({
    kind: z.literal('route'),
    netns,
    to: address,
    from: address.optional(),
    /** Interface that it comes in on, for a packet that is not made here. */
    iif: device.optional(),
    mark: z.number().int().min(1).max(0xffffffff).optional(),
  }),
  /** Policy routing. */
  z.object({ kind: z.literal('rules'), netns, family }),
  z.object({ kind: z.literal('neighbour'), netns, address, device: device.optional() }),
  /** Sockets that are bound to a port. */
  z.object({ kind: z.literal('listeners'), netns, protocol: z.enum(['tcp', 'udp']), port }),
  z.object({ kind: z.literal('qdisc'), netns, device }),
  /** tc's filters at an interface. */
  z.object({ kind: z.literal('filters'), netns, device, direction: z.enum(['ingress', 'egress']) }),
  /** State, addresses, MTU, counters, XDP program. */
  z.object({ kind: z.literal('interface'), netns, device }),
  z.object({ kind: z.literal('addresses'), netns }),
  /** A bridge port's settings and VLANs. */
  z.object({ kind: z.literal('bridgePort'), netns, device }),
  /** Of nftables: the rule with this handle, or (handle 0) the whole chain. The families are tried in turn. */
  z.object({
    kind: z.literal('nftRule'),
    netns,
    families: z
      .array(z.enum(['inet', 'ip', 'ip6', 'bridge', 'arp', 'netdev']))
      .min(1)
      .max(3),
    table: ruleName,
    chain: ruleName,
    handle: z.number().int().nonnegative(),
  }),
  /** Of legacy iptables: the rules of a chain. */
  z.object({ kind: z.literal('iptables'), netns, family, table: ruleName, chain: ruleName }),
  /** How many connections are tracked, and how many may be. */
  z.object({ kind: z.literal('conntrack'), netns }),
  z.object({ kind: z.literal('xfrmPolicies'), netns }),
  /** Counters of /proc/net/snmp, snmp6, netstat and xfrm_stat, as `TcpExt.ListenOverflows`. */
  z.object({
    kind: z.literal('counters'),
    netns,
    names: z
      .array(z.string().regex(/^\w{1,64}(\.\w{1,64})?$/))
      .min(1)
      .max(16),
  }),
]);
export type FactQuery = z.infer<typeof factQuerySchema>;
export type FactKind = FactQuery['kind'];

export const factQueriesSchema = z.array(factQuerySchema).min(1).max(FACT_QUERIES_MAX);

export const factSchema = z.object({
  query: factQuerySchema,
  /** Wall clock (ms since 1970) when it was read: the packet was there before. */
  readAtUnixMs: z.number(),
  answer: z.discriminatedUnion('ok', [
    z.object({
      ok: z.literal(true),
      lines: z.array(z.string().max(FACT_LINE_MAX)).max(FACT_LINES_MAX),
      /** There was more. */
      isCut: z.boolean(),
    }),
    /** Why it could not be read. */
    z.object({ ok: z.literal(false), reason: z.string().max(FACT_LINE_MAX) }),
  ]),
});
export type Fact = z.infer<typeof factSchema>;

export const factsSchema = z.object({ facts: z.array(factSchema).max(FACT_QUERIES_MAX) });
