/** Stories of what the recording has not: tunnels, queues, fragments, floods, programs, and what nobody knows. */
import { describe, expect, it } from 'vitest';
import { RELATION, TUNNEL } from '../../../wire/layout.gen.ts';
import { ip, meta, tcp, udp } from '../../diagnosis/test/build.ts';
import type { PacketState } from '../../hop.ts';
import { VERDICT } from '../../packet.ts';
import { stepAt, storyOf, storyOfEnds, storyText } from '../index.ts';
import { build, type Line, type Told } from './build.ts';

const stepsOf = (told: Told, options = {}) => {
  const { path, names } = build(told);
  return storyOf(path, names, options);
};
const texts = (told: Told) => stepsOf(told).map(({ text }) => text);
const at = (names: string, rest: Omit<Line, 'at'> = {}): Line[] =>
  names.split(' ').map((name) => ({ at: name, ...rest }));
const nobody = { pid: 0, uid: 0, cgroup: 0, comm: '' };
const L4 = udp().l4;

describe('the story of a packet', () => {
  it('goes over the loopback device', () => {
    const steps = stepsOf({
      lines: [
        ...at('ip_local_out', {
          device: '',
          state: { ...tcp(2), owner: { ...nobody, pid: 12, comm: 'curl' } },
        }),
        ...at('ip_output __dev_queue_xmit dev_hard_start_xmit loopback_xmit', { device: 'lo' }),
        ...at('__netif_rx __netif_receive_skb ip_rcv ip_local_deliver tcp_v4_rcv', { device: 'lo' }),
      ],
    });
    expect(steps.map(({ text }) => text)).toEqual([
      'Leaves the socket of curl (12) on the host: TCP SYN, 10.1.0.2:40000 → 10.1.0.3:80',
      'Routed out of lo on the host',
      'Loops back over lo on the host',
      'IP takes it in on lo: it is for the host itself',
      'TCP looks for its socket on the host',
    ]);
    expect(steps.at(-1)).toMatchObject({ ended: 'inFlight', tone: 'end' });
  });

  it('waits in a queue, which is a step when it is long', () => {
    const send = (afterNs: number): Told => ({
      lines: [
        ...at('__dev_queue_xmit dev_qdisc_enqueue fq_codel_enqueue', { device: 'eth0', state: udp() }),
        ...at('validate_xmit_skb', { device: 'eth0', afterNs }),
        ...at('dev_hard_start_xmit', { device: 'eth0' }),
      ],
      ended: 'in order',
    });
    expect(texts(send(1000))).toEqual(['Handed to the driver of eth0 on the host']);
    const slow = stepsOf(send(1_200_000));
    expect(slow.map(({ text, tone, notes }) => [text, tone, notes])).toEqual([
      ['On its way out of eth0 on the host', 'normal', []],
      ['Waits in the queue of eth0 on the host', 'slow', ['1.20 ms in the queue (fq_codel)']],
      ['Handed to the driver of eth0 on the host', 'end', []],
    ]);
    expect(slow.at(-1)?.ended).toBe('consumed');
  });

  it('is split by a bridge that forwards a clone and passes the packet itself up', () => {
    const lines = [
      ...at('br_handle_frame br_handle_frame_finish br_forward', { device: 'vweb' }),
      ...at('br_pass_frame_up', { device: 'vweb' }),
    ];
    expect(texts({ lines, children: [[9, RELATION.clone, 2]] })[1]).toBe(
      'Splits at br_forward on the host: the bridge forwards a clone, #9, and this one goes on',
    );
    // without a clone it is the packet that is forwarded
    expect(texts({ lines })[1]).toMatch(/^The bridge forwards it/);
  });

  it('goes through a VLAN device to the one below', () => {
    expect(
      texts({
        lines: [
          ...at('__dev_queue_xmit dev_hard_start_xmit vlan_dev_hard_start_xmit', { device: 'eth0.10' }),
          ...at('__dev_queue_xmit', { device: 'eth0', state: { meta: { ...meta(0), vlanTci: 10 } } }),
          ...at('dev_hard_start_xmit', { device: 'eth0' }),
        ],
      }),
    ).toEqual([
      'Goes through the VLAN device eth0.10 on the host',
      'Handed to the driver of eth0 on the host',
    ]);
  });

  it('is wrapped for a tunnel and unwrapped, which is no translation', () => {
    const inner = {
      tunnel: TUNNEL.vxlan,
      vni: 42,
      ip: ip(),
      l4: { ...udp().l4, kind: 2 },
    } as PacketState['inner'];
    const outer: PacketState = {
      ip: ip({ saddr: '192.0.2.1', daddr: '192.0.2.2' }),
      l4: { ...(L4 ?? never()), dport: 4789 },
    };
    const none = { ...(inner ?? never()), tunnel: 0, vni: 0 };
    const out = texts({
      lines: [
        ...at('__dev_queue_xmit dev_hard_start_xmit vxlan_xmit', {
          device: 'vx0',
          state: { ...udp(), inner: none },
        }),
        ...at('udp_tunnel_xmit_skb iptunnel_xmit', { device: 'vx0' }),
        ...at('ip_local_out', { device: 'vx0', state: { ...outer, inner: inner ?? never() } }),
        ...at('ip_output', { device: 'eth0' }),
      ],
    });
    expect(out).toEqual([
      'Handed to the driver of vx0 on the host',
      'Wrapped in VXLAN VNI 42 on the host, from 192.0.2.1 to 192.0.2.2',
      'Routed out of eth0 on the host',
    ]);
    const back = stepsOf({
      lines: [
        ...at('udp_rcv', { device: 'eth0', state: { ...outer, inner: inner ?? never() } }),
        ...at('vxlan_rcv', { device: 'eth0' }),
        ...at('gro_cells_receive', { device: 'vx0', state: { ...udp(), inner: none } }),
      ],
    });
    expect(back[1]).toMatchObject({
      text: 'Unwrapped from VXLAN VNI 42 on the host: UDP 10.1.0.2:40000 → 10.1.0.3:9998',
      notes: [],
    });
  });

  it('is protected by IPsec', () => {
    const steps = stepsOf({
      lines: [
        ...at('ip_forward', { device: 'eth0', state: { ip: ip({ protocol: 6 }) } }),
        ...at('xfrm_output', { device: 'eth1' }),
        ...at('ip_output', {
          device: 'eth1',
          state: { ip: ip({ protocol: 50, saddr: '192.0.2.1', daddr: '192.0.2.9' }) },
        }),
      ],
    });
    expect(steps[1]?.text).toBe('IPsec protects it on the host: ESP, from 192.0.2.1 to 192.0.2.9');
    expect(steps.flatMap(({ notes }) => notes)).toEqual([]);
  });

  it('is masqueraded or redirected, where the kernel’s function says so', () => {
    const nat = (by: string, changed: Partial<PacketState['ip']>): string[] =>
      texts({
        lines: [
          ...at('ip_output', { device: 'eth1', state: udp() }),
          ...at(`nf_hook_slow nf_nat_inet_fn ${by} nf_nat_manip_pkt`, { device: 'eth1' }),
          ...at('ip_finish_output', { device: 'eth1', state: { ip: { ...ip(), ...changed } } }),
          ...at('__dev_queue_xmit', { device: 'eth1' }),
        ],
      });
    expect(nat('nf_nat_masquerade_ipv4', { saddr: '192.0.2.1' })[1]).toBe(
      'Masquerading rewrites 10.1.0.2:40000 → 192.0.2.1:40000',
    );
    expect(nat('nf_nat_redirect_ipv4', { daddr: '127.0.0.1' })[1]).toBe(
      'A redirect rewrites 10.1.0.3:9998 → 127.0.0.1:9998',
    );
    // the rest of what NAT interrupted is told with what follows
    expect(nat('nf_nat_ipv4_out', { saddr: '192.0.2.1' })).toEqual([
      'Routed out of eth1 on the host',
      'SNAT rewrites 10.1.0.2:40000 → 192.0.2.1:40000',
      'On its way out of eth1 on the host',
    ]);
  });

  it('is rewritten by somebody whom no record names', () => {
    const steps = stepsOf({
      lines: [
        ...at('tcf_classify', { device: 'eth0', state: udp() }),
        ...at('ip_rcv', { device: 'eth0', state: { ip: ip({ daddr: '10.9.9.9' }) } }),
      ],
    });
    expect(steps[0]).toMatchObject({
      text: 'tc on eth0 decides on the host',
      notes: ['its destination changes: 10.1.0.3:9998 → 10.9.9.9:9998'],
    });
  });

  it('is cut into fragments, flooded, and kept for reassembly', () => {
    const cut = stepsOf({
      lines: at('ip_output ip_finish_output ip_do_fragment', { device: 'eth0', state: udp() }),
      children: [[6, RELATION.fragment, 2], [7, RELATION.fragment, 2]], // biome-ignore format: pairs
      ended: 'in order',
    });
    expect(cut.at(-1)).toMatchObject({
      text: 'Cut into 2 fragments on the host',
      notes: ['fragments #6, #7'],
    });
    expect(
      texts({
        lines: [
          ...at('br_handle_frame br_handle_frame_finish br_flood', { device: 'vweb', state: udp() }),
          ...at('__br_forward', { device: 'vweb' }),
          ...at('br_forward_finish', { device: 'vdb' }),
        ],
      }),
    ).toEqual([
      'Enters the bridge by vweb on the host',
      'The bridge floods it, here to port vdb on the host',
    ]);
    expect(
      texts({ lines: at('ip_rcv ip_local_deliver ip_defrag', { device: 'eth0', state: udp() }) }).at(-1),
    ).toBe('A fragment: kept on the host with the others of its datagram');
  });

  it('is refused by a program, a conntrack or a rule, and says which', () => {
    const refused = stepsOf({
      lines: [
        ...at('__netif_receive_skb', { device: 'eth0', state: udp() }),
        ...at('tcf_classify', { device: 'eth0' }),
        { at: ['TC_INGRESS', 'sch_handle_ingress'], device: 'eth0' },
      ],
      decisions: [{ what: 'tc', value: 2, index: 1, rule: { table: '', chain: 'guard', handle: 0 } }],
      ended: 'dropped',
    });
    expect(refused.map(({ text }) => text)).toEqual([
      'Arrives on eth0 on the host',
      'tc on eth0 decides on the host',
      'Dropped on the host, in sch_handle_ingress: TC_INGRESS',
    ]);
    expect(refused.at(-1)).toMatchObject({ notes: ['tc guard: SHOT'], decision: 0, ended: 'dropped' });
    expect(refused[1]?.notes).toEqual([]);
  });

  it('is called delivered where the session knows better than the drop', () => {
    const told: Told = {
      lines: [
        ...at('icmp_rcv ping_rcv', { device: 'eth0' }),
        { at: ['NO_SOCKET', 'icmp_rcv'], device: 'eth0' },
      ],
      ended: 'dropped',
    };
    expect(stepsOf(told).at(-1)?.ended).toBe('dropped');
    const delivered = stepsOf(told, { verdict: VERDICT.delivered }).at(-1);
    expect(delivered).toMatchObject({
      ended: 'delivered',
      text: 'Freed on the host, in icmp_rcv: NO_SOCKET',
    });
    expect(delivered?.notes[0]).toMatch(/raw socket had got a clone/);
  });

  it('passes functions that nobody named, within what goes on or as a step of their own', () => {
    const steps = stepsOf({
      lines: [
        ...at('ip_rcv', { device: 'eth0', state: udp() }),
        ...at('nf_something skb_something ip_rcv_core', { device: 'eth0' }),
        ...at('tcf_new_thing tcf_other', { device: 'eth0' }),
        ...at('ip_rcv_finish', { device: 'eth0' }),
        ...at('zz_mystery vsock_thing', { device: 'eth0' }),
      ],
    });
    expect(steps.map(({ text, from, to }) => [text, from, to])).toEqual([
      ['IP takes it in on eth0 on the host', 0, 7],
      ['Passes vsock_thing of socket on the host', 8, 8],
    ]);
    expect(texts({ lines: at('vsock_a vsock_b vsock_c') })).toEqual([
      'Passes 3 functions of socket on the host',
    ]);
    expect(texts({ lines: [...at('vsock_a vsock_b'), ...at('vsock_c', { netns: 2 })] })).toEqual([
      'Passes 2 functions of socket on the host',
      'Passes vsock_c of socket in web',
    ]);
  });

  it('is the same for the same path, and nothing for one without hops', () => {
    const told: Told = { lines: at('ip_rcv ip_forward ip_output', { device: 'eth0', state: udp() }) };
    expect(stepsOf(told)).toEqual(stepsOf(told));
    expect(stepsOf({ lines: [] })).toEqual([]);
  });

  it('says that the record of a drop was lost', () => {
    expect(stepsOf({ lines: at('ip_rcv', { device: 'eth0' }), ended: 'dropped' }).at(-1)).toMatchObject({
      ended: 'dropped',
      notes: ['the record of where and why it was dropped was lost'],
    });
  });
});

describe('the story of a long path’s ends', () => {
  const { path, names } = build({
    lines: [
      ...at('ip_rcv ip_forward', { device: 'eth0', state: udp() }),
      ...at('ip_output ip_finish_output', { device: 'eth1' }),
      ...at('ip_rcv ip_local_deliver', { device: 'eth0', netns: 2 }),
    ],
    ended: 'in order',
  });
  const part = (from: number, to: number) => ({
    ...path,
    hops: path.hops.slice(from, to).map((hop, index) => ({ ...hop, index })),
  });
  const ends = { head: { ...part(0, 3), free: undefined }, tail: part(3, 6), between: 9000 };
  const { steps, ofHead } = storyOfEnds(ends, names, VERDICT.delivered);

  it('has each step at the hops that it has on the whole path, and none of those between', () => {
    expect([steps[0]?.from, steps[ofHead - 1]?.to]).toEqual([0, 2]);
    expect([steps[ofHead]?.from, steps.at(-1)?.to]).toEqual([9003, 9005]);
    expect([2, 3, 9002, 9003].map((hop) => stepAt(steps, hop))).toEqual([ofHead - 1, -1, -1, ofHead]);
  });

  it('ends once, and begins once', () => {
    expect(steps.map(({ ended }) => ended).filter((ended) => ended !== undefined)).toEqual(['delivered']);
    expect(steps.at(-1)?.tone).toBe('end');
    const again = storyOfEnds({ ...ends, tail: ends.head }, names, undefined).steps;
    const arrives = build({ lines: at('netif_rx ip_rcv', { device: 'eth0' }) });
    const twice = { head: arrives.path, tail: arrives.path, between: 1 };
    expect(storyOfEnds(twice, arrives.names, undefined).steps.map(({ text }) => text.split(' ')[0])).toEqual([
      'Arrives',
      'IP',
      'Taken',
      'IP',
    ]);
    expect(again.filter(({ ended }) => ended !== undefined)).toHaveLength(1);
  });

  it('says where the rest is left out, when it is copied', () => {
    const lines = storyText(steps, { before: ofHead, text: '9,000 hops between' }).split('\n');
    expect(lines.indexOf('9,000 hops between')).toBeGreaterThan(0);
    expect(lines[lines.indexOf('9,000 hops between') + 1]).toMatch(new RegExp(`^ *${ofHead + 1}\\. `));
  });
});

function never(): never {
  throw new Error('the builder has it');
}
