/** What probes would cost is measured with them in place, and nothing is recorded there. */
import { DEFAULT_SPEC, type ProbePlan } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { address, Running, tool, wire, withNamespaces } from '../network.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent } from './agent.ts';

const [CLIENT, SERVER] = ['p-client', 'p-server'];
const NET = 163;
const PORT = 7603;
const PER_SECOND = 50;
const PROBED = 'ip_rcv';
/** A datagram is at each once. */
const PRICED = ['udp_rcv', 'ip_output'];

const planOf = (...functions: readonly string[]): ProbePlan => ({
  ...DEFAULT_PLAN,
  base: 'none',
  add: { ...DEFAULT_PLAN.add, functions: [...functions] },
});

async function price(): Promise<void> {
  const seen = new Map<string, number>();
  const agent = new ProbingAgent({
    hop(hop) {
      const name = hop.kind === 'drop' ? 'drop' : (agent.functions.get(hop.func)?.name ?? '');
      seen.set(name, (seen.get(name) ?? 0) + 1);
    },
    free: () => undefined,
    capture: () => undefined,
  });
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    const filter = { ...DEFAULT_SPEC.filter, expression: `udp dst port ${PORT}` };
    await agent.apply({ filter, probes: planOf(PROBED) });
    await agent.until(() => (seen.get(PROBED) ?? 0) > 5, 'datagrams are seen');
    const before = seen.get(PROBED) ?? 0;
    const tag = await agent.price(planOf(PROBED, ...PRICED));
    equal(tag.functions, PRICED.length, 'functions that would come to it');
    await agent.until(() => (seen.get(PROBED) ?? 0) > before, 'datagrams are seen after it');
    check(tag.hits >= PRICED.length && tag.nsPerHit > 0, 'hits and what one costs', tag);
    // the lab's other packets are few, and the emulated second may be long
    check(
      tag.hits < 4 * PRICED.length * PER_SECOND * (tag.ms / 1000),
      'not many more hits than datagrams',
      tag,
    );
    equal([...seen.keys()], [PROBED], 'functions that packets are seen at');
    equal(
      (await agent.price(planOf(PROBED))).functions,
      0,
      'functions that would come to it, when none would',
    );
    await agent.until(() => agent.stats?.detaching === 0, 'the probes of the price are gone');
    await agent.apply({ filter, probes: planOf(PROBED, ...PRICED) });
    await agent.until(() => PRICED.every((name) => seen.has(name)), 'packets are seen there when it is paid');
    equal(agent.reader.missing, 0, 'events missing');
    await agent.stop();
  } finally {
    await agent.close();
  }
}

export const pricing: readonly Scenario[] = [
  {
    name: 'the price of probes is measured with them in place, and nothing is recorded there',
    run: () =>
      withNamespaces([CLIENT, SERVER], async () => {
        wire({ netns: CLIENT, device: 'c', host: 1 }, { netns: SERVER, device: 's', host: 2 }, { net: NET });
        await Running.start(SERVER, tool('udpblast'), 'serve', `udp:${PORT}`);
        await Running.start(CLIENT, 'bash', '-c',
          `echo ready; exec ${tool('udpblast')} send ${address(NET, 2)} ${PORT} 10000000 ${PER_SECOND}`,
        ); // biome-ignore format: a command
        await price();
      }),
  },
];
