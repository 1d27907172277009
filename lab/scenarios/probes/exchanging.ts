/** The filter is exchanged while packets pass: each hop of each of them is told, under the one filter or the other. */
import { DEFAULT_SPEC } from '../../../core/messages/source.ts';
import type { Hop } from '../../../core/model/hop.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, inOrder } from '../check.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent, type Watcher } from './agent.ts';
import { type Datagrams, withDatagrams } from './datagrams.ts';

const EXCHANGES = 8;
const DATAGRAMS: Datagrams = { client: 'e-client', server: 'e-server', net: 164, port: 7604, perSecond: 50 };
/** All match every datagram. */
const FILTERS = [`udp dst port ${DATAGRAMS.port}`, `udp port ${DATAGRAMS.port}`, 'udp'];
/** By kprobes, sessions and typed probes; all of them may begin a packet. */
const FUNCTIONS = [
  '__ip_local_out', 'ip_output', '__dev_queue_xmit', 'dev_hard_start_xmit', 'veth_xmit', 'enqueue_to_backlog',
  'ip_rcv', 'ip_local_deliver', 'udp_rcv', '__udp_enqueue_schedule_skb',
]; // biome-ignore format: a list

/** What each datagram passed, by the IP header's id, which counts them. */
export class Passed implements Watcher {
  readonly paths = new Map<number, Hop[]>();
  generation = 0;

  hop(hop: Hop): void {
    const id = hop.state.ip?.id ?? 0;
    const known = this.paths.get(id);
    if (known === undefined) this.paths.set(id, [hop]);
    else known.push(hop);
    this.generation = Math.max(this.generation, hop.generation);
  }

  free(): void {}
  capture(): void {}

  /** Functions of each datagram but the first and the last, which were on their way meanwhile; and how many passed them. */
  #whole(agent: ProbingAgent): ReadonlyMap<string, number> {
    const names = (hops: readonly Hop[]): string =>
      hops
        .map((hop) => (hop.kind === 'drop' ? 'drop' : (agent.functions.get(hop.func)?.name ?? '')))
        .join(' ');
    const ids = [...this.paths.keys()];
    const [first = 0] = ids;
    const count = ((ids.at(-1) ?? 0) - first + (1 << 16)) % (1 << 16);
    const counts = new Map<string, number>();
    for (let i = 1; i < count; i += 1) {
      const path = names(this.paths.get((first + i) % (1 << 16)) ?? []);
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    return counts;
  }

  /**
   * Every datagram passed the same way, these functions are on it, and where a hop is missing the kernel has told that
   * it skipped one, of whichever packet: an interrupt came in one of our programs. How many there were.
   */
  checkWhole(agent: ProbingAgent, functions: readonly string[]): number {
    const [usual = ['', 0], ...others] = [...this.#whole(agent)].sort(([, a], [, b]) => b - a);
    const [path, count] = [usual[0].split(' '), usual[1]];
    for (const name of functions) check(path.includes(name), `${name} is on the path`, path);
    let missing = 0;
    for (const [other, times] of others) {
      const hops = other.split(' ');
      inOrder(path, hops, 'a datagram on the usual path');
      missing += times * (path.length - hops.length);
    }
    check(missing <= (agent.stats?.missed ?? 0), 'hops that are missing were told', [usual, ...others]);
    return count;
  }
}

async function exchangeThem(): Promise<void> {
  const seen = new Passed();
  const agent = new ProbingAgent(seen);
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    const probes = {
      ...DEFAULT_PLAN,
      base: 'none',
      add: { ...DEFAULT_PLAN.add, functions: FUNCTIONS },
    } as const;
    for (let i = 0; i <= EXCHANGES; i += 1) {
      const expression = FILTERS[i % FILTERS.length] ?? '';
      await agent.apply({ filter: { ...DEFAULT_SPEC.filter, expression }, probes });
      const before = seen.paths.size;
      await agent.until(
        () => seen.generation === i + 1 && seen.paths.size > before + 10,
        `packets are seen after exchange ${i}`,
      );
    }
    await agent.stop();

    const count = seen.checkWhole(agent, FUNCTIONS);
    const both = [...seen.paths.values()].filter((hops) => hops[0]?.generation !== hops.at(-1)?.generation);
    console.log(`  # ${count} datagrams, ${both.length} of them under two filters`);
  } finally {
    await agent.close();
  }
}

export const exchanging: readonly Scenario[] = [
  {
    name: 'the filter is exchanged while packets pass, and no hop of theirs is missing or told twice',
    run: () => withDatagrams(DATAGRAMS, exchangeThem),
  },
];
