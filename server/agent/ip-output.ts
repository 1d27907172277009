/** What iproute2 and lsns print about a namespace's interfaces, as values. Pure; the real outputs are in test/. */
import * as v from 'valibot';
import { check, finite, integer, positive, record, type Schema, sparse } from '../../core/base/schema.ts';
import { LINK_ADDRESSES_MAX, type Link } from '../../core/messages/topology.ts';

/** A line for each, and one line of output each. */
export const IP_BATCH = 'addr show\nnetns list-id\nroute show default\n';
export const IP_COMMAND = ['ip', '-details', '-json', '-force', '-batch', '-'] as const;
/** Ids that namespaces have in the one where it runs: also of those that have no name. */
export const LSNS_COMMAND = ['lsns', '--json', '--type', 'net', '--output', 'NS,NETNSID'] as const;

/** An interface, and its far end as the kernel tells it: by the id that a namespace has in this one. */
export interface ReadLink {
  readonly link: Omit<Link, 'far'>;
  /** `nsid` -1: in the same namespace. */
  readonly far: { readonly ifindex: number; readonly nsid: number } | undefined;
}

export interface ReadNamespace {
  readonly links: readonly ReadLink[];
  /** Names of `ip netns` by id. */
  readonly ids: ReadonlyMap<number, string>;
  readonly defaultRoutes: readonly string[];
}

// what is not as expected is as if nothing were said
const text = v.fallback(v.string(), '');
const number = v.fallback(finite, 0);
const words = v.fallback(record, {});
const id = v.fallback(v.optional(integer), undefined);

const linkSchema = v.object({
  ifindex: positive,
  ifname: v.string(),
  flags: v.fallback(v.array(v.string()), []),
  mtu: number,
  link_type: text,
  address: text,
  link: v.fallback(v.nullish(v.string()), null),
  link_index: id,
  link_netnsid: id,
  master: text,
  linkinfo: v.fallback(
    sparse({ info_kind: text, info_data: words, info_slave_kind: text, info_slave_data: words }),
    { info_kind: '', info_data: {}, info_slave_kind: '', info_slave_data: {} },
  ),
  addr_info: v.fallback(v.array(sparse({ local: text, prefixlen: number })), []),
});
type RawLink = v.InferOutput<typeof linkSchema>;
const idSchema = v.object({ nsid: integer, name: v.optional(v.string()) });
const routeSchema = sparse({ gateway: text, dev: text });
const lsnsSchema = v.object({ namespaces: v.array(v.object({ ns: finite, netnsid: v.string() })) });

/** Of {@link IP_BATCH}; undefined when it is not what it should be. */
export function readIpOutput(stdout: string): ReadNamespace | undefined {
  const [links, ids, routes] = stdout.split('\n').map(json);
  if (!Array.isArray(links)) return undefined;
  // an interface that goes while it is listed leaves an empty object
  const sound = items(linkSchema, links);
  const indexOf = new Map(sound.map(({ ifname, ifindex }) => [ifname, ifindex] as const));
  return {
    links: sound.map((one) => ({ link: linkOf(one), far: farOf(one, indexOf) })),
    ids: new Map(
      items(idSchema, ids).flatMap(({ nsid, name }) => (name === undefined ? [] : [[nsid, name] as const])),
    ),
    defaultRoutes: items(routeSchema, routes)
      .slice(0, 4)
      .map(({ gateway, dev }) => `${gateway === '' ? '' : `via ${gateway} `}dev ${dev}`.slice(0, 128)),
  };
}

/** Of {@link LSNS_COMMAND}: inode of each namespace that has an id, by that. */
export function readLsnsOutput(stdout: string): ReadonlyMap<number, number> {
  const listed = check(lsnsSchema, json(stdout));
  return new Map(
    (listed.ok ? listed.value.namespaces : []).flatMap(({ ns, netnsid }) =>
      /^\d+$/.test(netnsid) ? [[Number(netnsid), ns] as const] : [],
    ),
  );
}

function linkOf(raw: RawLink): Omit<Link, 'far'> {
  const { info_kind, info_data } = raw.linkinfo;
  const word = (key: string) => wordOf(info_data[key]);
  const isAny = (address: string) => address === 'any' || address === '0.0.0.0' || address === '::';
  const [local, remote] = [word('local') || word('local6'), word('remote') || word('remote6')];
  return {
    ifindex: raw.ifindex,
    name: raw.ifname.slice(0, 15),
    kind: (info_kind || (raw.link_type === 'loopback' ? 'loopback' : 'physical')).slice(0, 32),
    isUp: raw.flags.includes('UP'),
    hasCarrier: raw.flags.includes('LOWER_UP'),
    mac: raw.link_type === 'ether' ? raw.address.slice(0, 64) : '',
    mtu: Math.max(0, Math.trunc(raw.mtu)),
    addresses: raw.addr_info
      .filter((one) => one.local !== '')
      .slice(0, LINK_ADDRESSES_MAX)
      .map((one) => `${one.local}/${one.prefixlen}`.slice(0, 64)),
    master: raw.master.slice(0, 15),
    tag: (word('id') || keyOf(word('okey'))).slice(0, 32),
    local: isAny(local) ? '' : local.slice(0, 64),
    remote: (isAny(remote) ? '' : remote || word('group')).slice(0, 64),
    notes: notesOf(raw),
  };
}

/** What a person who looks at the wiring wants to know of it, beyond what each interface has. */
function notesOf({
  linkinfo: { info_kind, info_data, info_slave_kind, info_slave_data },
}: RawLink): string[] {
  const notes: string[] = [];
  const data = (key: string) => wordOf(info_data[key]);
  const port = (key: string) => wordOf(info_slave_data[key]);
  if (data('mode') !== '') notes.push(`mode ${data('mode')}`);
  if (data('active_slave') !== '') notes.push(`active ${data('active_slave')}`);
  if (data('vlan_filtering') === '1') notes.push('VLAN filtering');
  if (info_kind === 'vlan' && data('protocol') !== '802.1Q') notes.push(data('protocol'));
  if (info_slave_kind === 'bridge') {
    if (port('state') !== 'forwarding') notes.push(`port ${port('state')}`);
    for (const flag of ['hairpin', 'isolated', 'guard', 'locked'])
      if (port(flag) === 'true') notes.push(flag);
  }
  if (info_slave_kind === 'bond') notes.push(`${port('state').toLowerCase()} in bond`);
  return notes.map((note) => note.slice(0, 64)).slice(0, 8);
}

function farOf(raw: RawLink, indexOf: ReadonlyMap<string, number>): ReadLink['far'] {
  if (raw.link_index !== undefined && raw.link_index > 0)
    return { ifindex: raw.link_index, nsid: raw.link_netnsid ?? -1 };
  // a VXLAN names its lower interface among its own data; in another namespace that name means nothing here
  const lower = raw.link ?? (raw.link_netnsid === undefined ? wordOf(raw.linkinfo.info_data.link) : '');
  const ifindex = indexOf.get(lower);
  return ifindex === undefined ? undefined : { ifindex, nsid: -1 };
}

/** iproute2 writes a GRE key as an address; people write the number. */
function keyOf(key: string): string {
  const parts = key.split('.').map(Number);
  return parts.length === 4 ? String(parts.reduce((sum, part) => sum * 256 + part, 0)) : key;
}

const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

const items = <T>(schema: Schema<T>, value: unknown): T[] =>
  (Array.isArray(value) ? value : []).flatMap((one) => {
    const checked = check(schema, one);
    return checked.ok ? [checked.value] : [];
  });

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
