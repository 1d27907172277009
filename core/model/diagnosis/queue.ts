/** Queues and devices: the CPU's backlog, qdiscs, rings, and interfaces that are not there to take it. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { formatDuration } from '../format.ts';
import {
  advise,
  adviseHost,
  citeAll,
  diedIn,
  inPlace,
  lastDecision,
  look,
  onDevice,
  refusal,
  type Scene,
} from './scene.ts';
import { byReason } from './table.ts';
import type { DiagnosisRule } from './types.ts';

const link = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'interface', netns, device }];
const qdiscOf = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'qdisc', netns, device }];
const seeQdisc = (scene: Scene, text: string) => qdiscOf(scene).map((query) => look(scene, text, query));
const seeLink = (scene: Scene, text: string) => link(scene).map((query) => look(scene, text, query));
const up = (scene: Scene) => advise(scene, 'Bring it up.', 'ip', 'link', 'set', scene.device || 'eth0', 'up');

const backlog: DiagnosisRule = {
  id: 'queue.backlog',
  category: 'queue',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.backlog);
    if (
      scene.reason !== 'CPU_BACKLOG' &&
      !(cited !== undefined && diedIn(scene, /^(enqueue_to_backlog|netif_rx\w*)$/))
    )
      return undefined;
    return {
      title: 'The queue of packets that a CPU has yet to take in is full.',
      evidence: citeAll(scene, [cited]),
      // the setting is the host's, whatever the packet's namespace
      facts: [{ kind: 'sysctl', netns: 0, name: 'net/core/netdev_max_backlog' }],
      advice: [
        adviseHost(
          scene,
          'See which CPU drops: the second column of its line.',
          'cat',
          '/proc/net/softnet_stat',
        ),
        adviseHost(
          scene,
          'Allow a longer queue, on the host.',
          'sysctl',
          '-w',
          'net.core.netdev_max_backlog=5000',
        ),
        advise(scene, 'Spread the load over more CPUs (RPS, more queues).'),
      ],
    };
  },
};

const QDISC_REASONS = /^(QDISC_\w+|FQ_\w+|CAKE_\w+|DUALPI2_\w+)$/;
const WHY_QDISC = new Map<string, string>([
  ['QDISC_OVERLIMIT', 'its queue is full'],
  ['QDISC_CONGESTED', 'it sees congestion and drops early'],
  ['CAKE_FLOOD', 'its flow floods the queue'],
  ['FQ_BAND_LIMIT', 'the limit of its priority band is reached'],
  ['FQ_HORIZON_LIMIT', 'its time to be sent is too far in the future'],
  ['FQ_FLOW_LIMIT', 'its flow has too many packets queued'],
  ['DUALPI2_STEP_DROP', 'it waited longer than the step threshold'],
]);
const QDISC_SYMBOL =
  /^(\w+_enqueue|dev_qdisc_enqueue|__dev_xmit_skb|qdisc_\w+|\w+_dequeue|__qdisc_run|codel_\w+)$/;

const qdisc: DiagnosisRule = {
  id: 'queue.qdisc',
  category: 'queue',
  explain(scene) {
    const isNamed = QDISC_REASONS.test(scene.reason);
    // what is dropped on purpose is told to the sender as sent
    const cited =
      refusal(scene, DECISION_KIND.transmit) ??
      (isNamed ? lastDecision(scene, DECISION_KIND.transmit) : undefined);
    const isHere = diedIn(scene, /^__dev_queue_xmit$/) || diedIn(scene, QDISC_SYMBOL);
    if (!isNamed && !isHere) return undefined;
    if (scene.symbol.startsWith('noop_') || scene.functions.includes('noop_enqueue')) return noop(scene);
    if (isHere && scene.symbol === '__dev_queue_xmit' && cited === undefined) return undefined;
    const why = WHY_QDISC.get(scene.reason);
    const isSure = isNamed || cited !== undefined;
    const isNetem = scene.symbol.startsWith('netem') || scene.functions.includes('netem_enqueue');
    const cause = why !== undefined ? `: ${why}` : isNetem ? ': netem probably loses it on purpose' : '';
    return {
      title: `The queueing discipline${onDevice(scene)}${inPlace(scene)} ${isSure ? '' : 'probably '}dropped it${cause}.`,
      certainty: isSure && !isNetem ? 'known' : 'likely',
      evidence: citeAll(scene, [cited]),
      facts: qdiscOf(scene),
      advice: [
        ...seeQdisc(scene, 'See kind, limit and counters of the queueing discipline.'),
        advise(
          scene,
          'More comes in than the link (or the shaper) lets out: raise the rate or limit, or send less.',
        ),
      ],
    };
  },
};

const emptied: DiagnosisRule = {
  id: 'queue.emptied',
  category: 'queue',
  explain(scene) {
    // qdiscs that are reset leave their packets to whoever gives the lock of the network settings back
    if (!diedIn(scene, /^(__rtnl_unlock|rtnl_unlock|rtnl_kfree_skbs|netdev_run_todo)$/)) return undefined;
    return {
      title: `It waited in the queue${onDevice(scene)}${inPlace(scene)} when that was emptied: the queueing discipline was removed, or the interface went down.`,
      facts: link(scene),
      advice: seeLink(scene, 'See whether the interface is there.'),
    };
  },
};

const noop = (scene: Scene) => ({
  title: `The interface ${scene.device || 'it was to leave by'}${inPlace(scene)} is probably down: it has no queue to send from.`,
  certainty: 'likely' as const,
  category: 'device' as const,
  facts: link(scene),
  advice: [up(scene)],
});

const reasons = byReason('device.reason', 'device', {
  DEV_READY: {
    title: (s) => `The interface ${s.device || 'it was to leave by'}${inPlace(s)} is not ready: it is down, or no program has it open.`,
    advice: (s) => [up(s), ...seeLink(s, 'See its state.')],
    facts: link,
  },
  DEV_HDR: {
    title: (s) => `The driver of ${s.device || 'the interface'}${inPlace(s)} could not read or write the header that it needs.`,
    advice: 'Look at the program that has the TUN or TAP device open.',
    facts: link,
  },
  FULL_RING: {
    title: (s) => `The ring of ${s.device || 'the interface'}${inPlace(s)} is full: what reads it (a program, a virtual machine, the other end) is too slow.`,
    advice: (s) => [advise(s, 'Give it a longer queue.', 'ip', 'link', 'set', s.device || 'tap0', 'txqueuelen', '5000')],
    facts: link,
  },
  TAP_FILTER: { title: (s) => `The socket filter of the TAP device ${s.device}${inPlace(s)} refused it.`, advice: 'The program that has it open attached one (TUNATTACHFILTER).' },
  TAP_TXFILTER: { title: (s) => `The address filter of the TAP device ${s.device}${inPlace(s)} refused it.`, advice: 'The program that has it open set one (TUNSETTXFILTER).' },
  CAN_RX_INVALID_FRAME: { title: 'It is no valid CAN frame.' },
  CANFD_RX_INVALID_FRAME: { title: 'It is no valid CAN FD frame.' },
  CANXL_RX_INVALID_FRAME: { title: 'It is no valid CAN XL frame.' },
}); // biome-ignore format: a table

/** Drivers free what they cannot send, on older kernels without a reason. */
const DRIVER =
  /^(\w+_xmit|\w+_xmit_frame|dev_hard_start_xmit|validate_xmit_skb\w*|__dev_queue_xmit|net_tx_action|__netif_receive_skb_core|__dev_direct_xmit)$/;

const transmit: DiagnosisRule = {
  id: 'device.transmit',
  category: 'device',
  explain(scene) {
    if (!diedIn(scene, DRIVER)) return undefined;
    const { symbol, device } = scene;
    const peer = symbol === 'veth_xmit' ? ': its other end is probably down, gone, or too slow' : '';
    const received = symbol === '__netif_receive_skb_core';
    return {
      title: received
        ? `Nothing took it${onDevice(scene)}${inPlace(scene)}: probably no protocol, VLAN or bridge there wants it.`
        : `The interface ${device || 'it was to leave by'}${inPlace(scene)} could not send it${peer || ': it is probably down, or cannot take such a packet'}.`,
      certainty: 'likely',
      facts: link(scene),
      advice: [...seeLink(scene, 'See state, peer and counters.'), ...(received ? [] : [up(scene)])],
    };
  },
};

const gro: DiagnosisRule = {
  id: 'queue.gro',
  category: 'queue',
  explain(scene) {
    if (
      !diedIn(
        scene,
        /^(napi_gro_\w+|dev_gro_receive|gro_\w+|napi_skb_finish|skb_gro_receive\w*|napi_reuse_skb)$/,
      )
    )
      return undefined;
    return {
      title: `Receive offload (GRO) dropped it${onDevice(scene)}${inPlace(scene)}: it was probably malformed, or its interface went down.`,
      certainty: 'likely',
      facts: link(scene),
      advice: [advise(scene, 'Try without.', 'ethtool', '-K', scene.device || 'eth0', 'gro', 'off')],
    };
  },
};

const LONG_NS = 50e6;

/** Still in flight, and last seen going into a queue. */
const queued: DiagnosisRule = {
  id: 'queue.waiting',
  category: 'queue',
  explain(scene) {
    const { drop, path, last, nowNs, functions } = scene;
    if (drop !== undefined || path.free !== undefined || last === undefined || nowNs === undefined)
      return undefined;
    const waitedNs = nowNs - last.timeNs;
    const cited = lastDecision(scene, DECISION_KIND.transmit);
    const isQueued =
      QDISC_SYMBOL.test(functions.at(-1) ?? '') ||
      (cited !== undefined && cited.decision.index >= last.index);
    if (!isQueued || waitedNs < LONG_NS) return undefined;
    return {
      title: `It has been in the queue of ${scene.device || 'its interface'}${inPlace(scene)} for ${formatDuration(waitedNs)}.`,
      tone: 'notice',
      evidence: citeAll(scene, [cited]),
      facts: qdiscOf(scene),
      advice: seeQdisc(scene, 'See how long the queue is.'),
    };
  },
};

export const queueRules: readonly DiagnosisRule[] = [
  backlog, emptied, qdisc, reasons, gro, transmit, queued,
]; // biome-ignore format: a list
