/** XDP on veth and generic XDP, programs and actions of tc: what they decided, and where the packet went. */
import { join } from 'node:path';
import { equal, inOrder, only } from './check.ts';
import { IS_6_1 } from './deaths.ts';
import { ip, Running, shell, tool, wires, withNamespaces } from './network.ts';
import { originals } from './paths.ts';
import { ROOT } from './place.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import {
  begins,
  decisionsOf,
  droppedAs,
  endedInOrder,
  erasOf,
  explained,
  functionsOf,
  placesOf,
} from './story.ts';
import type { Packet } from './trace.ts';

/** lab/net/programs.bpf.c */
const OBJECT = join(ROOT, 'dist', 'programs.o');
const [LEFT, RIGHT, FAR] = ['p-left', 'p-right', 'p-far'];
/** The interface that redirecting programs send to. */
const TARGET = 777;
const FIRST_NET = 81;

/** Where a program is attached: `right` to what arrives there, `left` to what leaves. */
type Attached = 'xdp' | 'xdpgeneric' | 'ingress' | 'egress' | 'tcx ingress' | 'tcx egress';
interface Case {
  readonly how: Attached;
  /** A program, or a filter of tc. */
  readonly what: string;
  /** Namespaces that it gets to. */
  readonly stays: readonly string[];
  readonly expect: (packet: Packet, all: readonly Packet[]) => void;
}

/** The one decision of the kind in the namespace: verdict, function, program. */
function decided(packet: Packet, kind: string, expected: readonly unknown[], netns = RIGHT): void {
  const found = only(
    decisionsOf(packet, kind),
    (one) => one.netns_name === netns && one.func === expected[1],
    `decision by ${expected[1]} in ${netns}`,
  );
  equal([found.verdict, found.func, found.chain], expected, 'verdict, function and program');
}

const NATIVE = 'veth_xdp_rcv_skb';
const GENERIC = 'bpf_prog_run_generic_xdp';

/** The datagram got to the closed port. */
function arrived(packet: Packet, what: string): void {
  inOrder(functionsOf(packet), ['veth_xmit', 'ip_rcv_core', 'udp_rcv'], `${what}: path`);
  droppedAs(packet, 'NO_SOCKET', /^__udp4_lib_rcv/, what);
  explained(packet, { verdict: 'dropped', rule: 'socket.none' }, what);
}

/** Whoever got it was not meant by its MAC address. */
function notMeant(packet: Packet, what: string): void {
  droppedAs(packet, 'OTHERHOST', /^ip_rcv_core/, what);
  explained(packet, { verdict: 'dropped', rule: 'header.other-host' }, what);
}

/** As it became a frame on its way, it went on as another packet. */
function wentOnAs(packet: Packet, all: readonly Packet[], where: string, what: string): void {
  endedInOrder(packet, what);
  const child = only(all, (one) => one.parent === packet.id, `packet that ${what} went on as`);
  equal(
    child.origins.map((line) => line.relation),
    ['xdp'],
    `${what}: relation`,
  );
  equal(placesOf(child), [where], `${what}: where it went on`);
  for (const field of ['ip_id', 'sport', 'dport'])
    equal(erasOf(child, [field]).at(-1), erasOf(packet, [field]).at(-1), `${what}: ${field}`);
  notMeant(child, what);
}

const ALL: readonly Case[] = [
  {
    how: 'xdp', what: 'xdp_refuse', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'xdp', ['DROP', NATIVE, 'xdp_refuse']);
      droppedAs(packet, 'NOT_SPECIFIED', /^veth_xdp_rcv_skb/, 'veth XDP_DROP');
      explained(packet, { verdict: 'dropped', rule: 'xdp.drop', title: /^The XDP program xdp_refuse on r0 in p-right dropped it\.$/ }, 'veth XDP_DROP');
    },
  },
  {
    how: 'xdp', what: 'xdp_allow', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'xdp', ['PASS', NATIVE, 'xdp_allow']);
      arrived(packet, 'veth XDP_PASS');
    },
  },
  {
    how: 'xdp', what: 'xdp_return', stays: [LEFT, RIGHT],
    expect(packet, all) {
      decided(packet, 'xdp', ['TX', NATIVE, 'xdp_return']);
      wentOnAs(packet, all, LEFT, 'veth XDP_TX');
      explained(packet, { verdict: 'consumed', rule: 'xdp-tc.elsewhere', title: /^The XDP program xdp_return on r2 in p-right sent it back .* went on as packet \d+\.$/ }, 'veth XDP_TX');
    },
  },
  {
    how: 'xdp', what: 'xdp_elsewhere', stays: [LEFT, RIGHT],
    expect(packet, all) {
      decided(packet, 'xdp', ['REDIRECT', NATIVE, 'xdp_elsewhere']);
      wentOnAs(packet, all, FAR, 'veth XDP_REDIRECT');
      explained(packet, { verdict: 'consumed', rule: 'xdp-tc.elsewhere', title: /^The XDP program xdp_elsewhere on r3 in p-right redirected it .* went on as packet \d+\.$/ }, 'veth XDP_REDIRECT');
    },
  },
  {
    how: 'xdpgeneric', what: 'xdp_refuse', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'xdp', ['DROP', GENERIC, 'xdp_refuse']);
      droppedAs(packet, 'NOT_SPECIFIED', /^do_xdp_generic/, 'generic XDP_DROP');
      explained(packet, { verdict: 'dropped', rule: 'xdp.drop', title: /^The XDP program xdp_refuse on r4 in p-right dropped it\.$/ }, 'generic XDP_DROP');
    },
  },
  {
    how: 'xdpgeneric', what: 'xdp_allow', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'xdp', ['PASS', GENERIC, 'xdp_allow']);
      arrived(packet, 'generic XDP_PASS');
    },
  },
  {
    how: 'xdpgeneric', what: 'xdp_return', stays: [LEFT, RIGHT, LEFT],
    expect(packet) {
      decided(packet, 'xdp', ['TX', GENERIC, 'xdp_return']);
      inOrder(functionsOf(packet), ['veth_xmit', 'generic_xdp_tx', 'veth_xmit', 'ip_rcv_core'], 'generic XDP_TX: path');
      notMeant(packet, 'generic XDP_TX');
    },
  },
  {
    how: 'xdpgeneric', what: 'xdp_elsewhere', stays: [LEFT, RIGHT, FAR],
    expect(packet) {
      decided(packet, 'xdp', ['REDIRECT', GENERIC, 'xdp_elsewhere']);
      inOrder(functionsOf(packet), ['veth_xmit', 'generic_xdp_tx', 'veth_xmit', 'ip_rcv_core'], 'generic XDP_REDIRECT: path');
      notMeant(packet, 'generic XDP_REDIRECT');
    },
  },
  {
    how: 'ingress', what: 'tc_refuse', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'tc', ['SHOT', 'cls_bpf_classify', 'tc_refuse']);
      decided(packet, 'tc', ['SHOT', 'tcf_classify', undefined]);
      droppedAs(packet, 'TC_INGRESS', /^__netif_receive_skb_core/, 'tc program at ingress');
      explained(packet, { verdict: 'dropped', rule: 'tc.drop', title: /^The tc program tc_refuse dropped it at ingress on r8 in p-right\.$/ }, 'tc program at ingress');
    },
  },
  {
    how: 'ingress', what: 'tc_elsewhere', stays: [LEFT, RIGHT, FAR],
    expect(packet) {
      decided(packet, 'tc', ['REDIRECT', 'cls_bpf_classify', 'tc_elsewhere']);
      inOrder(functionsOf(packet), ['veth_xmit', 'skb_do_redirect', 'veth_xmit', 'ip_rcv_core'], 'bpf_redirect at ingress: path');
      notMeant(packet, 'bpf_redirect at ingress');
    },
  },
  {
    how: 'egress', what: 'tc_refuse', stays: [LEFT],
    expect(packet) {
      decided(packet, 'tc', ['SHOT', 'cls_bpf_classify', 'tc_refuse'], LEFT);
      droppedAs(packet, 'TC_EGRESS', /^__dev_queue_xmit/, 'tc program at egress');
      explained(packet, { verdict: 'dropped', rule: 'tc.drop', title: /^The tc program tc_refuse dropped it at egress on l10 in p-left\.$/ }, 'tc program at egress');
    },
  },
  {
    // no interface has that number there
    how: 'egress', what: 'tc_elsewhere', stays: [LEFT],
    expect(packet) {
      decided(packet, 'tc', ['REDIRECT', 'cls_bpf_classify', 'tc_elsewhere'], LEFT);
      droppedAs(packet, 'NOT_SPECIFIED', /^skb_do_redirect/, 'bpf_redirect to nowhere');
      explained(packet, { verdict: 'dropped', rule: 'tc.redirect', certainty: 'likely', title: /^The tc program tc_elsewhere on l11 in p-left redirected it to an interface that is probably not there/ }, 'bpf_redirect to nowhere');
    },
  },
  {
    how: 'ingress', what: 'matchall action drop', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'tc', ['SHOT', 'tcf_classify', undefined]);
      droppedAs(packet, 'TC_INGRESS', /^__netif_receive_skb_core/, 'action drop');
      explained(packet, { verdict: 'dropped', rule: 'tc.drop', title: /^A tc filter or program dropped it at ingress on r12 in p-right\.$/, evidence: [/matchall/, /gact action drop/] }, 'action drop');
    },
  },
  {
    how: 'ingress', what: 'matchall action mirred egress redirect dev far', stays: [LEFT, RIGHT, FAR],
    expect(packet) {
      decided(packet, 'tc', ['CONSUMED', 'tcf_classify', undefined]);
      inOrder(functionsOf(packet), ['veth_xmit', 'tcf_classify', 'veth_xmit', 'ip_rcv_core'], 'mirred: path');
      notMeant(packet, 'mirred');
    },
  },
  {
    how: 'ingress', what: 'flower ip_proto udp dst_port 8014 action drop', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'tc', ['SHOT', 'tcf_classify', undefined]);
      equal(decisionsOf(packet, 'tc').length, 1, 'flower: decisions of tc');
      droppedAs(packet, 'TC_INGRESS', /^__netif_receive_skb_core/, 'flower');
      explained(packet, { verdict: 'dropped', rule: 'tc.drop', title: /^A tc filter or program dropped it at ingress on r14 in p-right\.$/, evidence: [/flower/, /dst_port 8014/, /gact action drop/] }, 'flower');
    },
  },
  {
    // what does not match goes on
    how: 'ingress', what: 'flower ip_proto udp dst_port 8014 action drop', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'tc', ['UNSPEC', 'tcf_classify', undefined]);
      arrived(packet, 'flower that does not match');
    },
  },
  {
    how: 'xdp', what: 'xdp_fail', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'xdp', ['ABORTED', NATIVE, 'xdp_fail']);
      droppedAs(packet, 'NOT_SPECIFIED', /^veth_xdp_rcv_skb/, 'veth XDP_ABORTED');
      explained(packet, { verdict: 'dropped', rule: 'xdp.drop', title: /^The XDP program xdp_fail on r16 in p-right dropped it by failing \(XDP_ABORTED\)\.$/, evidence: [/^XDP xdp_fail: ABORTED$/] }, 'veth XDP_ABORTED');
    },
  },
  {
    how: 'xdpgeneric', what: 'xdp_fail', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'xdp', ['ABORTED', GENERIC, 'xdp_fail']);
      droppedAs(packet, 'NOT_SPECIFIED', /^do_xdp_generic/, 'generic XDP_ABORTED');
      explained(packet, { verdict: 'dropped', rule: 'xdp.drop', title: /^The XDP program xdp_fail on r17 in p-right dropped it by failing \(XDP_ABORTED\)\.$/, evidence: [/^XDP xdp_fail: ABORTED$/] }, 'generic XDP_ABORTED');
    },
  },
  {
    how: 'tcx ingress', what: 'tc_refuse', stays: [LEFT, RIGHT],
    expect(packet) {
      decided(packet, 'tc', ['SHOT', 'tcx_run', 'tc_refuse']);
      droppedAs(packet, 'TC_INGRESS', /^__netif_receive_skb_core/, 'tcx at ingress');
      explained(packet, { verdict: 'dropped', rule: 'tc.drop', title: /^The tc program tc_refuse dropped it at ingress on r18 in p-right\.$/ }, 'tcx at ingress');
    },
  },
  {
    how: 'tcx egress', what: 'tc_refuse', stays: [LEFT],
    expect(packet) {
      decided(packet, 'tc', ['SHOT', 'tcx_run', 'tc_refuse'], LEFT);
      droppedAs(packet, 'TC_EGRESS', /^__dev_queue_xmit/, 'tcx at egress');
      explained(packet, { verdict: 'dropped', rule: 'tc.drop', title: /^The tc program tc_refuse dropped it at egress on l19 in p-left\.$/ }, 'tcx at egress');
    },
  },
  {
    how: 'tcx ingress', what: 'tc_elsewhere', stays: [LEFT, RIGHT, FAR],
    expect(packet) {
      decided(packet, 'tc', ['REDIRECT', 'tcx_run', 'tc_elsewhere']);
      inOrder(functionsOf(packet), ['veth_xmit', 'skb_do_redirect', 'veth_xmit', 'ip_rcv_core'], 'bpf_redirect by tcx: path');
      notMeant(packet, 'bpf_redirect by tcx');
    },
  },
]; // biome-ignore format: one case a paragraph

/** Programs are attached by tcx since 6.6. */
const CASES = IS_6_1 ? ALL.filter(({ how }) => !how.startsWith('tcx')) : ALL;

async function attach({ how, what }: Case, i: number): Promise<void> {
  if (how === 'tcx ingress' || how === 'tcx egress') {
    const isIngress = how === 'tcx ingress';
    const device = isIngress ? `r${i}` : `l${i}`;
    await Running.start(
      isIngress ? RIGHT : LEFT,
      tool('tcx'),
      OBJECT,
      what,
      device,
      isIngress ? 'ingress' : 'egress',
    );
    return;
  }
  if (how === 'xdp' || how === 'xdpgeneric') {
    ip(RIGHT, `link set r${i} ${how} obj ${OBJECT} sec xdp/${what}`);
    // veth takes frames only where XDP is on
    if (how === 'xdp' && what === 'xdp_return')
      ip(LEFT, `link set l${i} xdp obj ${OBJECT} sec xdp/xdp_allow`);
    return;
  }
  const [netns, device] = how === 'ingress' ? [RIGHT, `r${i}`] : [LEFT, `l${i}`];
  const filter = what.startsWith('tc_') ? `bpf da obj ${OBJECT} sec tc/${what}` : `protocol ip ${what}`;
  shell(netns, `tc qdisc add dev ${device} clsact`, `tc filter add dev ${device} ${how} ${filter}`);
}

/** A wire for each case between left and right; right has one to far as well, of the number that programs know. */
const withPrograms = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([LEFT, RIGHT, FAR], async () => {
    ip('', `link add far index ${TARGET} netns ${RIGHT} type veth peer name end netns ${FAR}`);
    ip(RIGHT, 'link set far addrgenmode none', 'link set far up');
    ip(
      FAR,
      'link set end addrgenmode none',
      `link set end xdp obj ${OBJECT} sec xdp/xdp_allow`,
      'link set end up',
    );
    wires(LEFT, RIGHT, { firstNet: FIRST_NET, count: CASES.length });
    for (const [i, one] of CASES.entries()) await attach(one, i);
    await use();
  });

export const programs: readonly Scenario[] = [
  {
    name: 'what a program of XDP or tc decides is told with its name, and the packet stays one or has a parent',
    run: () =>
      withPrograms(async () => {
        const { packets } = await trace({
          args: ['--keep', '--route', '--why', `udp portrange 8000-8099`],
          traffic: () => {
            shell(LEFT, ...CASES.map((_, i) => `echo x > /dev/udp/10.${FIRST_NET + i}.0.2/${8000 + i}`));
          },
        });
        const all = [...packets.values()];
        const own = originals(all);
        equal(own.length, CASES.length, 'packets');
        CASES.forEach(({ stays, expect }, i) => {
          const packet = only(own, (one) => begins(one, 'dport', 8000 + i), `datagram of case ${i}`);
          equal(placesOf(packet), stays, `namespaces of case ${i}`);
          equal(erasOf(packet, ['dport', 'sport']).length, 1, `ports of case ${i}`);
          expect(packet, all);
        });
      }),
  },
];
