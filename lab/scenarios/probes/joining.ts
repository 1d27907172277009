/** Functions on the stack of a drop are probed from then on, and no longer when that is not wanted any more. */
import { type CaptureState, DEFAULT_SPEC, type ProbePlan } from '../../../core/messages/source.ts';
import type { Hop } from '../../../core/model/hop.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { address, run, tool, wire, withNamespaces } from '../network.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent } from './agent.ts';

const [CLIENT, SERVER] = ['j-client', 'j-server'];
const NET = 162;
const PORT = 7602;
/** Where the datagram is first seen; what calls it is not probed at first. */
const FIRST = '__udp4_lib_rcv';
/** They have the skb as their second and third argument, and are on the way to a socket that is not there. */
const CALLERS = ['ip_protocol_deliver_rcu', 'ip_local_deliver_finish'];
const AWAY = 'ip_local_deliver_finish';

const planOf = (probeStack: boolean, remove: readonly string[]): ProbePlan => ({
  ...DEFAULT_PLAN,
  base: 'none',
  add: { ...DEFAULT_PLAN.add, functions: [FIRST] },
  remove: { ...DEFAULT_PLAN.remove, functions: [...remove] },
  probeStack,
});

async function join(): Promise<void> {
  const seen = new Map<number, { readonly at: Set<string>; isDropped: boolean }>();
  const told: { capture: CaptureState } = { capture: { phase: 'idle' } };
  let ended = 0;
  const agent = new ProbingAgent({
    hop(hop: Hop) {
      const packet = seen.get(hop.packet) ?? { at: new Set<string>(), isDropped: false };
      seen.set(hop.packet, packet);
      if (hop.kind === 'drop') packet.isDropped = true;
      else packet.at.add(agent.functions.get(hop.func)?.name ?? '');
    },
    free() {
      ended += 1;
    },
    capture(now) {
      told.capture = now;
    },
  });
  const running = () => (told.capture.phase === 'running' ? told.capture : undefined);
  const joined = (): readonly string[] =>
    (running()?.joined ?? []).map((id) => agent.functions.get(id)?.name ?? '');
  /** Where a datagram to a port that nobody has is seen. */
  const datagram = async (): Promise<ReadonlySet<string>> => {
    seen.clear();
    const before = ended;
    run(CLIENT, tool('udpblast'), 'send', address(NET, 2), String(PORT), '1', '0');
    await agent.until(() => ended > before, 'the datagram ends');
    const [only, ...more] = seen.values();
    check(only?.isDropped === true && more.length === 0, 'one datagram, which is dropped', [...seen]);
    return only.at;
  };
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    const spec = { filter: { ...DEFAULT_SPEC.filter, expression: `udp dst port ${PORT}` } };
    await agent.apply({ ...spec, stacks: 'drops', probes: planOf(false, []) });
    equal([...(await datagram())], [FIRST], 'functions of the plan');
    equal(joined(), [], 'nothing joins unless it is wanted');
    // what was found before it is wanted is not forgotten
    await agent.apply({ ...spec, stacks: 'drops', probes: planOf(true, []) });
    await agent.until(() => CALLERS.every((name) => joined().includes(name)), 'the callers join');
    const all = await datagram();
    check(
      [FIRST, ...CALLERS].every((name) => all.has(name)),
      'the next datagram is seen there, too',
      [...all],
    );
    await agent.apply({ ...spec, stacks: 'drops', probes: planOf(true, [AWAY]) });
    check(!(await datagram()).has(AWAY), 'what is taken away does not join');
    await agent.apply({ ...spec, stacks: 'drops', probes: planOf(false, []) });
    equal([...(await datagram())], [FIRST], 'functions of the plan, when nothing joins any more');
    equal(running()?.generation, 1, 'the session went on');
    await agent.stop();
  } finally {
    await agent.close();
  }
}

export const joining: readonly Scenario[] = [
  {
    name: 'functions on the stack of a drop are probed from then on, as long as that is wanted',
    run: () =>
      withNamespaces([CLIENT, SERVER], async () => {
        wire({ netns: CLIENT, device: 'c', host: 1 }, { netns: SERVER, device: 's', host: 2 }, { net: NET });
        await join();
      }),
  },
];
