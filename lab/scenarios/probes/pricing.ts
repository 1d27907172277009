/** What probes would cost is measured with them in place, and nothing is recorded there. */
import { DEFAULT_SPEC, type ProbePlan } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { run } from '../network.ts';
import { CLI } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent } from './agent.ts';
import { type Datagrams, withDatagrams } from './datagrams.ts';

const DATAGRAMS: Datagrams = { client: 'p-client', server: 'p-server', net: 163, port: 7603, perSecond: 50 };
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
    const filter = { ...DEFAULT_SPEC.filter, expression: `udp dst port ${DATAGRAMS.port}` };
    await agent.apply({ filter, probes: planOf(PROBED) });
    await agent.until(() => (seen.get(PROBED) ?? 0) > 5, 'datagrams are seen');
    const before = seen.get(PROBED) ?? 0;
    const tag = await agent.price(planOf(PROBED, ...PRICED));
    equal(tag.functions, PRICED.length, 'functions that would come to it');
    await agent.until(() => (seen.get(PROBED) ?? 0) > before, 'datagrams are seen after it');
    check(tag.hits >= PRICED.length && tag.nsPerHit > 0, 'hits and what one costs', tag);
    // the lab's other packets are few, and the emulated second may be long
    check(
      tag.hits < 4 * PRICED.length * DATAGRAMS.perSecond * (tag.ms / 1000),
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
    // the same, for who has no page
    const told = run('', CLI, 'functions', '--price', ...PRICED.flatMap((name) => ['--func', name]));
    check(
      /^\S+, \S+: 2 functions more, hit [\d,]+ times a second: at [\d,]+ ns a hit (less than )?\d+\.\d % of one CPU\.\n$/.test(
        told,
      ),
      'the command line tells the price',
      told,
    );
  } finally {
    await agent.close();
  }
}

export const pricing: readonly Scenario[] = [
  {
    name: 'the price of probes is measured with them in place, and nothing is recorded there',
    run: () => withDatagrams(DATAGRAMS, price),
  },
];
