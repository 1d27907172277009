/** What a browser may ask a host about: only what has a name here, with values that no program takes for others. */
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parse } from '../../base/schema.ts';
import { asNetnsInode } from '../../base/units.ts';
import { factCommand, factKey, readNftChain, shellText } from '../../model/facts.ts';
import { NameBook } from '../../model/names.ts';
import { FACT_QUERIES_MAX, factQueriesSchema, factQuerySchema } from '../facts.ts';
import { SOURCE_PROTOCOL, sourceRequestSchema } from '../source.ts';

const NETNS = 4026532281;
const NFT = { kind: 'nftRule', netns: NETNS, families: ['ip'], table: 'filter', chain: 'FORWARD', handle: 7 };

describe('a query is refused', () => {
  it.each<[string, unknown]>([
    ['of a kind that there is not', { kind: 'shell', netns: NETNS, command: 'id' }],
    ['for a setting that is not told', { kind: 'sysctl', netns: NETNS, name: 'net/ipv4/tcp_fastopen_key' }],
    ['for a file outside', { kind: 'sysctl', netns: NETNS, name: 'net/../kernel/core_pattern' }],
    ['for an interface that climbs', { kind: 'sysctl', netns: NETNS, name: 'net/ipv4/conf/../rp_filter' }],
    ['for an interface that is an option', { kind: 'qdisc', netns: NETNS, device: '-batch' }],
    ['for an interface with a space', { kind: 'interface', netns: NETNS, device: 'eth0 up' }],
    ['for an interface that is too long', { kind: 'interface', netns: NETNS, device: 'e'.repeat(16) }],
    ['for a name in place of an address', { kind: 'route', netns: NETNS, to: 'example.org' }],
    ['for a prefix in place of an address', { kind: 'route', netns: NETNS, to: '10.0.0.0/8' }],
    ['for a port beyond', { kind: 'listeners', netns: NETNS, protocol: 'tcp', port: 65536 }],
    ['for a chain that is an option', { ...NFT, chain: '-f' }],
    ['for a chain with a semicolon', { ...NFT, chain: 'a;flush' }],
    ['for a chain that is too long', { ...NFT, chain: 'c'.repeat(65) }],
    ['for a family that there is not', { ...NFT, families: ['inet6'] }],
    ['in a namespace by name', { kind: 'conntrack', netns: 'db' }],
    ['for a counter with a path', { kind: 'counters', netns: NETNS, names: ['../x'] }],
  ])('%s', (_, query) => {
    expect(v.is(factQuerySchema, query)).toBe(false);
  });
});

describe('a query is a command', () => {
  it.each<[unknown, string]>([
    [{ kind: 'sysctl', netns: 0, name: 'net/ipv4/conf/eth0.7/rp_filter' }, 'cat /proc/sys/net/ipv4/conf/eth0.7/rp_filter'],
    [{ kind: 'route', netns: 0, to: '10.1.0.3', from: '10.1.0.2', iif: 'br0', mark: 7 }, 'ip route get 10.1.0.3 from 10.1.0.2 iif br0 mark 7'],
    [{ kind: 'rules', netns: 0, family: '6' }, 'ip -6 rule show'],
    [{ kind: 'neighbour', netns: 0, address: 'fd00::1', device: 'eth0' }, 'ip -s neigh show to fd00::1 dev eth0'],
    [{ kind: 'listeners', netns: 0, protocol: 'tcp', port: 80 }, 'ss -H -a -n -p -t state listening sport = :80'],
    [{ kind: 'listeners', netns: 0, protocol: 'udp', port: 53 }, 'ss -H -a -n -p -u sport = :53'],
    [{ kind: 'qdisc', netns: 0, device: 'eth0' }, 'tc -s qdisc show dev eth0'],
    [{ kind: 'filters', netns: 0, device: 'eth0', direction: 'ingress' }, 'tc -s filter show dev eth0 ingress'],
    [{ ...NFT, netns: 0 }, 'nft -a list chain ip filter FORWARD'],
    [{ kind: 'iptables', netns: 0, family: '6', table: 'filter', chain: 'INPUT' }, 'ip6tables-legacy-save'],
    [{ kind: 'xfrmPolicies', netns: 0 }, 'ip xfrm policy show'],
  ])('%o', (query, command) => {
    expect(factCommand(parse(factQuerySchema, query)).join(' ')).toBe(command);
  }); // biome-ignore format: a table
});

it('is limited to a number of queries', () => {
  const queries = Array.from({ length: FACT_QUERIES_MAX + 1 }, () => NFT);
  expect(v.is(factQueriesSchema, queries)).toBe(false);
  expect(v.is(factQueriesSchema, queries.slice(1))).toBe(true);
  expect(v.is(factQueriesSchema, [])).toBe(false);
});

it('goes to a source of the second protocol', () => {
  expect(SOURCE_PROTOCOL).toBe(2);
  expect(v.is(sourceRequestSchema, { id: 1, method: 'facts', queries: [NFT] })).toBe(true);
});

it('has the same key whatever the order of its fields', () => {
  const query = parse(factQuerySchema, { kind: 'rules', netns: 1, family: '4' });
  expect(factKey(query)).toBe(factKey({ family: '4', netns: 1, kind: 'rules' }));
});

it('a command for a shell is quoted where it must be', () => {
  const names = new NameBook();
  names.take({ namespaces: [{ inode: 7, name: "it's", origin: 'named', interfaces: [] }] });
  expect(shellText(['ip', 'link'], asNetnsInode(7), names)).toBe("ip netns exec 'it'\\''s' ip link");
});

it("reads nft's listing of a chain", () => {
  const lines = [
    'table inet sample {',
    '\tchain input { # handle 1',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t\tudp dport 9999 counter packets 0 bytes 0 drop # handle 2',
    '\t\ttcp dport 81 log prefix "x # handle 9" drop # handle 3',
    '\t}',
  ];
  expect(readNftChain(lines)).toEqual({
    policy: 'drop',
    rules: [
      { handle: 2, text: 'udp dport 9999 counter packets 0 bytes 0 drop' },
      { handle: 3, text: 'tcp dport 81 log prefix "x # handle 9" drop' },
    ],
  });
  expect(readNftChain(['Error: No such file or directory'])).toBeUndefined();
});
