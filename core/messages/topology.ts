/** How a source's network is wired: every interface of every namespace, and what each is joined to. */
import * as v from 'valibot';
import { list, natural, positive, text } from '../base/schema.ts';

/** Namespaces and interfaces that are told at most; how many there are beyond is said. */
export const TOPOLOGY_NAMESPACES_MAX = 1024;
export const TOPOLOGY_LINKS_MAX = 4096;
export const LINK_ADDRESSES_MAX = 16;

/** What an interface is joined to by a wire or stands on: a veth's other end, a VLAN's or macvlan's parent. */
const farEndSchema = v.object({
  ifindex: natural,
  /** Inode of the namespace that it is in; 0 when that is none that is known. */
  netns: natural,
});

export const linkSchema = v.object({
  ifindex: positive,
  name: text(15),
  /** The kernel's word: `veth`, `bridge`, `vlan` …; `loopback`, and `physical` for what has none. */
  kind: text(32, 1),
  isUp: v.boolean(),
  hasCarrier: v.boolean(),
  /** '' when it has none. */
  mac: text(64),
  mtu: natural,
  /** With their prefix lengths: `10.1.0.2/24`. */
  addresses: list(text(64), LINK_ADDRESSES_MAX),
  /** Bridge or bond that it is a port of, in its own namespace. */
  master: text(15),
  far: v.optional(farEndSchema),
  /** VLAN id, VNI, GRE key. */
  tag: text(32),
  /** Of a tunnel: addresses of its two ends, '' when any. */
  local: text(64),
  remote: text(64),
  /** What else there is to say, as `mode active-backup`, `hairpin`, `blocking`. */
  notes: list(text(64), 8),
});
export type Link = v.InferOutput<typeof linkSchema>;

export const wiredNamespaceSchema = v.object({
  inode: positive,
  name: text(64),
  /** Control group of a process in it, 0 when there is none: whose name says which container or pod this is. */
  cgroup: natural,
  links: v.array(linkSchema),
  /** Default routes (IPv4), as `via 10.1.0.1 dev eth0`. */
  defaultRoutes: list(text(128), 4),
  /** Why its interfaces are not known, or no longer; '' when they are. */
  problem: text(200),
});
export type WiredNamespace = v.InferOutput<typeof wiredNamespaceSchema>;

export const topologySchema = v.object({
  namespaces: list(wiredNamespaceSchema, TOPOLOGY_NAMESPACES_MAX),
  /** Namespaces and interfaces that were not told because there are too many. */
  beyond: v.object({ namespaces: natural, links: natural }),
});
export type Topology = v.InferOutput<typeof topologySchema>;
