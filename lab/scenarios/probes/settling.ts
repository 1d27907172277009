/** Under load typed probes take the place of kprobes: each hit of each datagram is told once, by the one or the other. */
import { DEFAULT_SPEC } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { address, Running, run, tool } from '../network.ts';
import { BPFTOOL } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent } from './agent.ts';
import { type Datagrams, withDatagrams } from './datagrams.ts';
import { Passed } from './exchanging.ts';

const DATAGRAMS: Datagrams = { client: 'l-client', server: 'l-server', net: 165, port: 7605, perSecond: 100 };
/** Nobody follows what is sent there. */
const OTHER_PORT = 7606;
/** Of a datagram's way, what most packets pass (native/src/hot_functions.cc) on every kernel. */
const FUNCTIONS = [
  '__ip_local_out', 'ip_output', 'ip_finish_output', '__ip_finish_output', 'ip_finish_output2', 'netdev_core_pick_tx',
  'validate_xmit_skb', 'netif_skb_features', 'dev_hard_start_xmit', 'veth_xmit', '__dev_forward_skb', '__netif_rx',
  'netif_rx_internal', '__netif_receive_skb', '__netif_receive_skb_one_core', 'ip_rcv', 'ip_rcv_core', 'udp_v4_early_demux',
  'ip_local_deliver', 'ip_local_deliver_finish', 'ip_protocol_deliver_rcu', 'raw_local_deliver', 'udp_rcv', '__udp4_lib_rcv',
  'udp_unicast_rcv_skb', 'udp_queue_rcv_skb', 'udp_queue_rcv_one_skb',
]; // biome-ignore format: a list

const typedProbes = (): number =>
  (JSON.parse(run('', BPFTOOL, '-j', 'prog', 'list')) as { name?: string }[]).filter(({ name }) =>
    name?.startsWith('skbt_typed_entr'),
  ).length;

async function settle(): Promise<void> {
  const seen = new Passed();
  const agent = new ProbingAgent(seen);
  const more = async (count: number, when: string) => {
    const before = seen.paths.size;
    await agent.until(() => seen.paths.size > before + count, `packets are seen ${when}`);
  };
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    await agent.apply({
      filter: { ...DEFAULT_SPEC.filter, expression: `udp dst port ${DATAGRAMS.port}` },
      probes: { ...DEFAULT_PLAN, base: 'none', add: { ...DEFAULT_PLAN.add, functions: FUNCTIONS } },
    });
    await more(10, 'by kprobes');
    check(typedProbes() < FUNCTIONS.length, 'a quiet host has kprobes', typedProbes());
    const sink = await Running.start(DATAGRAMS.server, tool('udpblast'), 'serve', `udp:${OTHER_PORT}`);
    const load = await Running.start(DATAGRAMS.client, 'bash', '-c',
      `echo ready; exec ${tool('udpblast')} send ${address(DATAGRAMS.net, 2)} ${OTHER_PORT} 10000000 0`,
    ); // biome-ignore format: a command
    for (let i = 0; i < 60 && typedProbes() < FUNCTIONS.length; i += 1) await more(20, 'under load');
    check(typedProbes() >= FUNCTIONS.length, 'typed probes under load', typedProbes());
    await more(50, 'by typed probes');
    await load.stop();
    await sink.stop();
    await agent.stop();

    const count = seen.checkWhole(agent, FUNCTIONS);
    equal(agent.reader.missing, 0, 'events missing');
    console.log(`  # ${count} datagrams`);
  } finally {
    await agent.close();
  }
}

export const settling: readonly Scenario[] = [
  {
    name: 'under load typed probes take the place of kprobes, and no hit is missing or told twice',
    run: () => withDatagrams(DATAGRAMS, settle),
  },
];
