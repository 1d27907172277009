/** Functions that take no skb are hops of the packet that the kernel runs them for, and of no other. */
import { spawnSync } from 'node:child_process';
import { type CaptureState, DEFAULT_SPEC, type ProbePlan } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal, inOrder, only } from '../check.ts';
import { functionsOf, said } from '../expect.ts';
import { address, nft, Running, run, shell, tool, wire, withNamespaces } from '../network.ts';
import { CLI } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { type Packet, trace } from '../trace.ts';
import { ProbingAgent } from './agent.ts';

const [CLIENT, SERVER] = ['o-client', 'o-server'];
const NET = 165;
const [FOLLOWED, OTHER] = [7605, 7606];
/** A received packet's route is looked up; one that is about to be sent has no skb then. */
const ROUTE = 'fib_table_lookup';
/** In a namespace with conntrack, for each packet that comes or goes. */
const CONNECTION = '__nf_conntrack_find_get';
const ROUNDS = 12;
/** All datagrams wait that long, and then come together, one behind the other on the same stack. */
const SLOT = 'slot 2s 2s';

const withNetwork = (use: () => Promise<void>) =>
  withNamespaces([CLIENT, SERVER], async () => {
    wire({ netns: CLIENT, device: 'c', host: 1 }, { netns: SERVER, device: 's', host: 2 }, { net: NET });
    nft(CLIENT, 'add table ip t; add chain ip t out { type filter hook output priority 0; }; add rule ip t out ct state invalid drop'); // biome-ignore format: a ruleset
    // to a closed port they would be answered, by what is looked up then
    await Running.start(SERVER, tool('udpblast'), 'serve', `udp:${FOLLOWED}`, `udp:${OTHER}`);
    await use();
  });

/** Where such functions were hit for the packet: name, namespace. */
const hitsOf = (packet: Packet): string[] =>
  packet.hops.flatMap(({ func, no_skb, netns_name }) => (no_skb === true ? [`${func} ${netns_name}`] : []));
/** Not the clone that a raw socket gets. */
const isEcho = (type: number) => (packet: Packet) =>
  packet.parent === 0 && said(packet, 'icmp_type').includes(type);

async function tellWhose(): Promise<void> {
  const { packets, stderr } = await trace({
    args: [
      '--group', 'default', '--func', 'udp_send_skb', '--filter-non-skb-funcs', `${ROUTE},${CONNECTION}`,
      '-N', CLIENT, '--keep', `udp dst port ${FOLLOWED} or icmp`,
    ], // biome-ignore format: a command
    traffic: async (_, output) => {
      run(CLIENT, 'ping', '-c', '1', address(NET, 2));
      shell(CLIENT, `tc qdisc add dev c root netem delay 1ms ${SLOT}`);
      // no other program is started in between: they are sent within milliseconds
      shell(CLIENT,
        `for i in {1..${ROUNDS}}; do`,
        `  echo x > /dev/udp/${address(NET, 2)}/${OTHER}; echo x > /dev/udp/${address(NET, 2)}/${FOLLOWED}`,
        'done',
        `ip route get ${address(NET, 2)} > /dev/null`,
      ); // biome-ignore format: lines
      // nothing was read of what is printed since they were sent
      const sent = new Set<number>();
      let over = 0;
      await output.line(({ kind, packet, dport }) => {
        if (dport === FOLLOWED) sent.add(packet);
        if (kind === 'free' && sent.has(packet)) over += 1;
        return over === ROUNDS;
      });
    },
  });
  check(/, 0 lost,/.test(stderr), 'nothing is lost', stderr);
  const all = [...packets.values()];
  const datagrams = all.filter((packet) => said(packet, 'dport').includes(FOLLOWED));
  equal(datagrams.length, ROUNDS, 'datagrams that are followed');
  for (const datagram of datagrams) {
    equal(hitsOf(datagram), [`${CONNECTION} ${CLIENT}`, `${ROUTE} ${SERVER}`], 'hits of a datagram');
    inOrder(
      functionsOf(datagram),
      ['nf_conntrack_in', CONNECTION, 'ip_output', 'ip_rcv', ROUTE, 'ip_local_deliver'],
      'they are where they belong',
    );
    const [caller, callee] = ['nf_conntrack_in', CONNECTION].map((name) =>
      only(datagram.hops, ({ func }) => func === name, name),
    );
    check((callee?.depth ?? 0) > (caller?.depth ?? 0), 'it is told as called', [caller, callee]);
  }
  // the answer's route is looked up while the kernel has the request in hand
  equal(
    hitsOf(only(all, isEcho(8), 'request')),
    [`${CONNECTION} ${CLIENT}`, `${ROUTE} ${SERVER}`, `${ROUTE} ${SERVER}`],
    'hits of a request',
  );
  equal(
    hitsOf(only(all, isEcho(0), 'answer')),
    [`${CONNECTION} ${CLIENT}`, `${ROUTE} ${CLIENT}`],
    'hits of an answer',
  );
}

const planOf = (others: readonly string[], remove: Partial<ProbePlan['remove']> = {}): ProbePlan => ({
  ...DEFAULT_PLAN,
  remove: { ...DEFAULT_PLAN.remove, ...remove },
  others: [...others],
});

async function switchThem(): Promise<void> {
  const hops: string[] = [];
  const told: { capture: CaptureState } = { capture: { phase: 'idle' } };
  let over = 0;
  const agent = new ProbingAgent({
    hop(hop) {
      if (hop.kind === 'hop') hops.push(agent.functions.get(hop.func)?.name ?? '');
    },
    free() {
      over += 1;
    },
    capture(now) {
      told.capture = now;
    },
  });
  /** Hits of functions without an skb, for one datagram beside which another one is sent. */
  const datagram = async (): Promise<readonly string[]> => {
    hops.length = 0;
    const before = over;
    for (const port of [OTHER, FOLLOWED])
      run(CLIENT, tool('udpblast'), 'send', address(NET, 2), String(port), '1', '0');
    await agent.until(() => over > before, 'the datagram ends');
    check(hops.includes('ip_rcv'), 'the datagram is seen', hops);
    return hops.filter((name) => name === ROUTE || name === CONNECTION);
  };
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    check(
      [...agent.functions.values()].every(({ argument }) => argument > 0),
      'all of them take an skb',
    );
    const filter = { ...DEFAULT_SPEC.filter, expression: `udp dst port ${FOLLOWED}` };
    await agent.apply({ filter, probes: DEFAULT_PLAN });
    equal(await datagram(), [], 'hits while none is wanted');
    await agent.apply({ filter, probes: planOf([ROUTE]) });
    equal(await datagram(), [ROUTE], 'hits once one is wanted');
    await agent.apply({ filter, probes: planOf([ROUTE, CONNECTION]) });
    equal(await datagram(), [CONNECTION, ROUTE], 'hits of two');
    // what calls them is probed no more, but others above that are
    await agent.apply({ filter, probes: planOf([ROUTE, CONNECTION], { functions: ['nf_conntrack_in', 'nf_hook_slow', 'ip_route_input_noref'] }) }); // biome-ignore format: short
    equal(await datagram(), [CONNECTION, ROUTE], 'hits when fewer are probed');
    await agent.apply({ filter: { ...filter, expression: `udp dst port ${FOLLOWED} and ip` }, probes: planOf([ROUTE]) }); // biome-ignore format: short
    equal(await datagram(), [ROUTE], 'hits under other settings');
    await agent.apply({ filter: { ...filter, expression: `udp dst port ${FOLLOWED} and ip` }, probes: DEFAULT_PLAN }); // biome-ignore format: short
    equal(await datagram(), [], 'hits when none is wanted any more');
    equal(agent.reader.missing, 0, 'events missing');
    check(told.capture.phase === 'running' && told.capture.refused.length === 0, 'no probe is refused', told);
    await agent.stop();
  } finally {
    await agent.close();
  }
}

function refuseNames(): void {
  for (const [name, word] of [
    ['fib_tabel_lookup', 'function fib_tabel_lookup is not there; did you mean fib_table_lookup?'],
    ['ip_rcv', 'function ip_rcv takes an skb: name it among those that do (--func)'],
    ['do_syscall_64', 'function do_syscall_64 cannot be probed: ftrace does not have it'],
  ] as const) {
    const { status, stderr } = spawnSync(CLI, ['functions', '--filter-non-skb-funcs', name], { encoding: 'utf8' });
    check(status === 2 && stderr.includes(word), `${name} is refused`, [status, stderr]);
  } // biome-ignore format: short
}

export const others: readonly Scenario[] = [
  {
    name: 'functions that take no skb are hops of the packet that they run for, and of no other',
    run: () => withNetwork(tellWhose),
  },
  {
    name: 'functions that take no skb are switched while a capture runs, and refused with why',
    run: () =>
      withNetwork(async () => {
        refuseNames();
        await switchThem();
      }),
  },
];
