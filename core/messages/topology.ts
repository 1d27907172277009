/** How a source's network is wired: every interface of every namespace, and what each is joined to. */
import { z } from 'zod';

/** Namespaces and interfaces that are told at most; how many there are beyond is said. */
export const TOPOLOGY_NAMESPACES_MAX = 1024;
export const TOPOLOGY_LINKS_MAX = 4096;
export const LINK_ADDRESSES_MAX = 16;

const index = z.number().int().nonnegative();
const inode = z.number().int().nonnegative();

/** What an interface is joined to by a wire or stands on: a veth's other end, a VLAN's or macvlan's parent. */
const farEndSchema = z.object({
  ifindex: index,
  /** Inode of the namespace that it is in; 0 when that is none that is known. */
  netns: inode,
});

export const linkSchema = z.object({
  ifindex: z.number().int().positive(),
  name: z.string().max(15),
  /** The kernel's word: `veth`, `bridge`, `vlan` …; `loopback`, and `physical` for what has none. */
  kind: z.string().min(1).max(32),
  isUp: z.boolean(),
  hasCarrier: z.boolean(),
  /** '' when it has none. */
  mac: z.string().max(64),
  mtu: z.number().int().nonnegative(),
  /** With their prefix lengths: `10.1.0.2/24`. */
  addresses: z.array(z.string().max(64)).max(LINK_ADDRESSES_MAX),
  /** Bridge or bond that it is a port of, in its own namespace. */
  master: z.string().max(15),
  far: farEndSchema.optional(),
  /** VLAN id, VNI, GRE key. */
  tag: z.string().max(32),
  /** Of a tunnel: addresses of its two ends, '' when any. */
  local: z.string().max(64),
  remote: z.string().max(64),
  /** What else there is to say, as `mode active-backup`, `hairpin`, `blocking`. */
  notes: z.array(z.string().max(64)).max(8),
});
export type Link = z.infer<typeof linkSchema>;

export const wiredNamespaceSchema = z.object({
  inode: z.number().int().positive(),
  name: z.string().max(64),
  /** Control group of a process in it, 0 when there is none: whose name says which container or pod this is. */
  cgroup: index,
  links: z.array(linkSchema),
  /** Default routes (IPv4), as `via 10.1.0.1 dev eth0`. */
  defaultRoutes: z.array(z.string().max(128)).max(4),
  /** Why its interfaces are not known, or no longer; '' when they are. */
  problem: z.string().max(200),
});
export type WiredNamespace = z.infer<typeof wiredNamespaceSchema>;

export const topologySchema = z.object({
  namespaces: z.array(wiredNamespaceSchema).max(TOPOLOGY_NAMESPACES_MAX),
  /** Namespaces and interfaces that were not told because there are too many. */
  beyond: z.object({ namespaces: index, links: index }),
});
export type Topology = z.infer<typeof topologySchema>;
