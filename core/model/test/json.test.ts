import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RELATION } from '../../wire/layout.gen.ts';
import { batch, decision, hop, lineage, socket, stack, symbol } from '../../wire/test/records.ts';
import { decisionToJson, hopToJson, type JsonObject, lineageToJson, socketToJson } from '../json.ts';
import { NameBook } from '../names.ts';
import { HopReader } from '../reader.ts';

const names = new NameBook();
names.take({
  functions: [
    { id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true },
    { id: 2, name: 'fib_table_lookup', module: '', argument: 0, isDefault: false },
  ],
  namespaces: [{ inode: 10, name: 'web', origin: 'named', interfaces: [{ ifindex: 2, name: 'eth0' }] }],
  cgroups: [
    {
      id: 42,
      path: '/kubepods.slice/x.scope',
      kind: 'container',
      name: 'nginx',
      runtime: 'containerd',
      container: 'a'.repeat(64),
      pod: 'b-1',
      podName: 'shop/web-0',
      qos: 'burstable',
    },
    {
      id: 43,
      path: '/system.slice/sshd.service',
      kind: 'unit',
      name: 'sshd.service',
      runtime: '',
      container: '',
      pod: '',
      podName: '',
      qos: '',
    },
  ],
});

/** Every record of a batch as its JSON line. */
function lines(bytes: Uint8Array): JsonObject[] {
  const told: JsonObject[] = [];
  new HopReader().read(bytes, {
    symbol: (one) => names.take({ symbols: [one] }),
    stack: (one) => names.take({ stacks: [one] }),
    hop: (one) => told.push(hopToJson(one, names, 0)),
    lineage: (one) => told.push(lineageToJson(one, 0)),
    decision: (one) => told.push(decisionToJson(one, names, 0)),
    socket: (one) => told.push(socketToJson(one, names, 0)),
  });
  return told;
}
const json = (...records: Uint8Array[]): JsonObject[] => lines(batch(...records));
const ip = { saddr: [10, 1, 0, 2], daddr: [10, 1, 0, 3] };

it('says where a function takes no skb', () => {
  const [takes, takesNone] = json(hop({ func: 1, seq: 0 }), hop({ func: 2, seq: 1 }));
  expect(takes).toMatchObject({ func: 'ip_rcv' });
  expect(takes).not.toHaveProperty('no_skb');
  expect(takesNone).toMatchObject({ func: 'fib_table_lookup', stage: 'ip', no_skb: true });
});

it('says of the records that C++ wrote everything that they carry', () => {
  const bytes = new Uint8Array(readFileSync(new URL('../../wire/golden/records.bin', import.meta.url)));
  lines(bytes); // its names come behind the hop
  const golden = lines(bytes);
  expect(golden.find(({ kind }) => kind === 'hop')).toMatchObject({
    mtu: 9000,
    iif: 5,
    vlan: 7,
    vlan_inner: 5,
    tcp_flags_text: expect.stringContaining('ACK'),
    hash: '0xcafe0001',
    truesize: 2304,
    ip_summed: 'partial',
    csum: '0x12340010',
    csum_start: 0x10,
    csum_offset: 0x1234,
    csum_level: 1,
    gso_type: 3,
    gso_size: 1448,
    gso_segs: 4,
    nr_frags: 17,
    queue_mapping: 2,
    cloned: true,
    nohdr: false,
    fclone: true,
    frag_list: false,
    route: { ifindex: 4, ifname: 'if4', gateway: '10.1.0.1', type: 'unicast', error: 'EHOSTUNREACH' },
    conntrack: {
      info: 'related',
      status: ['seen_reply', 'assured', 'confirmed', 'src_nat_done', 'dst_nat_done'],
      mark: 7,
    },
    tunnel: 'geneve',
    vni: 0xabcdef,
    inner_l3_version: 6,
    inner_ttl: 63,
    inner_dport: 443,
    owner: { pid: 4711, uid: 1000, comm: 'nginx', cgroup_id: 0x123456789abc },
    cb: expect.stringMatching(/^[0-9a-f]{96}$/),
    users: 2,
    dataref: 3,
    stack: [expect.stringMatching(/^nf_hook_slow\+0x/), expect.stringMatching(/^0xffffffff/)],
  });
  expect(golden.find(({ kind }) => kind === 'decision')).toMatchObject({
    decision: 'table',
    stage: 'netfilter',
    value: -1,
    family: 'ip',
    hook: 'OUTPUT',
    priority: -100,
    table: 'filter',
    chain: 'FORWARD',
    rule_handle: 0x3fffffffff7,
    used: 8,
    limit: 9,
  });
  expect(golden.find(({ kind }) => kind === 'socket')).toMatchObject({
    event: 'close',
    saddr: '10.1.0.2',
    dport: 443,
    pid: 99,
    comm: 'curl',
    old_state: 'CLOSE_WAIT',
    new_state: 'CLOSE',
    bytes_sent: 2 ** 40,
    duration_ns: 1_500_000,
  });
});

describe('a hop', () => {
  it('has what changed as names, and with old and new value', () => {
    const [, second] = json(hop({ mark: 1 }), hop({ mark: 2 }));
    expect(second).toMatchObject({
      changed: ['meta.mark'],
      changes: [{ field: 'meta.mark', before: 1, after: 2 }],
    });
  });

  it('has a group only when its record carried it', () => {
    const [first, second] = json(
      hop({ route: { ifindex: 2 }, buffer: {}, conntrack: { status: 0, info: 2 } }),
      hop({}),
    );
    expect(first).toMatchObject({ route: { type: 'unicast' }, cloned: false, conntrack: { info: 'new' } });
    for (const field of ['route', 'cloned', 'conntrack']) expect(second).not.toHaveProperty(field);
  });

  it('has the class of its traffic in words', () => {
    expect(json(hop({ ip: { ...ip, tos: 0xb9 } }))[0]).toMatchObject({ tos: 0xb9, dscp: 46, ecn: 'ect1' });
    expect(json(hop({ ip }))[0]).not.toHaveProperty('ecn');
  });

  it('has its TCP flags as bits and in words', () => {
    expect(json(hop({ ip, ports: [1, 2], tcpFlags: 0x12, tcpWindow: 64_240 }))[0]).toMatchObject({
      tcp_flags: 0x12,
      tcp_flags_text: 'SYN,ACK',
      tcp_window: 64_240,
    });
  });

  it('has its stack as text; the function itself is not its own caller', () => {
    const [first, unknown] = json(
      symbol({ address: 0x10, name: 'ip_rcv' }),
      symbol({ address: 0x20, name: '__netif_receive_skb_one_core' }),
      stack({ id: 5, addresses: [0x10, 0x20] }),
      hop({ func: 1, stack: 5 }),
      hop({ func: 1, stack: 6 }),
    );
    expect(first).toMatchObject({
      stack: ['ip_rcv+0x0', '__netif_receive_skb_one_core+0x0'],
      caller: '__netif_receive_skb_one_core+0x0',
    });
    expect(unknown).toMatchObject({ stack: [] });
    expect(unknown).not.toHaveProperty('caller');
  });

  it('has the owner with its container and pod, or its unit', () => {
    const [container, unit, nobody] = json(
      hop({ packet: 1, owner: { pid: 7, comm: 'nginx', cgroup: 42 } }),
      hop({ packet: 2, owner: { pid: 8, comm: 'sshd', cgroup: 43 } }),
      hop({ packet: 3, owner: { pid: 0 } }),
    );
    expect(container).toMatchObject({
      owner: { pid: 7, container: 'nginx', runtime: 'containerd', pod: 'shop/web-0', pod_uid: 'b-1' },
    });
    expect(unit).toMatchObject({ owner: { unit: 'sshd.service', cgroup: '/system.slice/sshd.service' } });
    expect(nobody).not.toHaveProperty('owner');
  });

  it('has what its tunnel carries under names of its own', () => {
    expect(
      json(hop({ ip, inner: { tunnel: 1, vni: 77, ip: { ...ip, daddr: [172, 16, 0, 9] } } }))[0],
    ).toMatchObject({
      daddr: '10.1.0.3',
      tunnel: 'vxlan',
      vni: 77,
      inner_daddr: '172.16.0.9',
    });
  });
});

it('every relation has its name', () => {
  const relations = Object.entries(RELATION);
  const told = json(...relations.map(([, relation]) => lineage({ packet: 2, parent: 1, relation })));
  expect(told.map(({ relation }) => relation)).toEqual(relations.map(([name]) => name));
});

describe('a decision', () => {
  it('of netfilter has family and hook, table and chain', () => {
    const [line] = json(
      decision({ decision: 'table', value: 0, pf: 7, hook: 5, rule: { table: 't', chain: 'c', handle: 9 } }),
    );
    expect(line).toMatchObject({
      decision: 'table',
      func: 'nft_do_chain',
      verdict: 'DROP',
      family: 'bridge',
      hook: 'BROUTING',
      table: 't',
      chain: 'c',
      rule_handle: 9,
    });
  });

  it('of another part has no hook, and an error by its name', () => {
    const [line] = json(decision({ decision: 'source', value: -18 }));
    expect(line).toMatchObject({ decision: 'source', stage: 'ip', verdict: 'EXDEV', value: -18 });
    for (const field of ['family', 'hook', 'table', 'used']) expect(line).not.toHaveProperty(field);
  });

  it('about a queue says how full it was', () => {
    expect(json(decision({ decision: 'backlog', value: 1, used: 1001, limit: 1000 }))[0]).toMatchObject({
      used: 1001,
      limit: 1000,
    });
  });
});

it('a connection says between whom, whose, how long and how much', () => {
  const [line] = json(
    socket({
      event: 3,
      ...ip,
      ports: [40000, 443],
      netns: 10,
      owner: { pid: 7, comm: 'curl', cgroup: 42 },
      sent: 100,
      received: 2000,
      durationNs: 5e6,
      states: [4, 7],
    }),
  );
  expect(line).toMatchObject({
    kind: 'socket',
    event: 'close',
    netns_name: 'web',
    sport: 40000,
    daddr: '10.1.0.3',
    pid: 7,
    owner: { container: 'nginx' },
    old_state: 'FIN_WAIT1',
    new_state: 'CLOSE',
    bytes_sent: 100,
    bytes_received: 2000,
  });
});
