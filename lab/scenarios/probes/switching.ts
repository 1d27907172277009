/** Probes that are switched a hundred times while packets pass: nothing of what is off, all of what is on, no leak. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CaptureState,
  DEFAULT_SPEC,
  type ProbePlan,
  type Stage,
} from '../../../core/messages/source.ts';
import type { Hop } from '../../../core/model/hop.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { run } from '../network.ts';
import { ROOT } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent, type Watcher } from './agent.ts';
import { type Datagrams, withDatagrams } from './datagrams.ts';

const SWITCHES = 100;
/** Until then, whatever is made once has been made. Not a round in which all is on, nor is the last one. */
const WARM = 21;
/** Few, so that an emulated machine keeps up with every one of them. */
const DATAGRAMS: Datagrams = { client: 's-client', server: 's-server', net: 161, port: 7601, perSecond: 4 };
/** These stay on all the time. */
const STEADY: readonly Stage[] = ['ip', 'transport'];
/** What is off after each switch: whole stages, several at once, and functions out of a stage that stays. */
const ROUNDS: readonly { readonly stages: readonly Stage[]; readonly functions: readonly string[] }[] = [
  { stages: ['qdisc'], functions: [] },
  { stages: ['qdisc', 'socket'], functions: [] },
  { stages: ['socket'], functions: ['netif_rx', '__netif_rx', 'veth_xmit'] },
  { stages: [], functions: ['veth_xmit'] },
  { stages: ['driver'], functions: [] },
  { stages: ['driver', 'qdisc', 'socket'], functions: [] },
  { stages: [], functions: [] },
];

const planWithout = ({ stages, functions }: (typeof ROUNDS)[number]): ProbePlan => ({
  ...DEFAULT_PLAN,
  remove: { ...DEFAULT_PLAN.remove, stages: [...stages], functions: [...functions] },
});

/** What the records say, held against what is to be probed at that place of the stream. */
class Ledger implements Watcher {
  /** Functions that must not be seen; more may be seen from a request on, less only from its answer on. */
  off: ReadonlySet<number> = new Set();
  hops = 0;
  readonly wrong: string[] = [];
  readonly generations = new Set<number>();
  readonly #seen = new Map<number, Hop[]>();
  /** How many ended packets have been at these functions of the steady stages, in this order. */
  readonly paths = new Map<string, number>();
  /** All hops of the last packet that took each of them. */
  readonly examples = new Map<string, readonly string[]>();
  readonly #agent: () => ProbingAgent;

  constructor(agent: () => ProbingAgent) {
    this.#agent = agent;
  }

  hop(hop: Hop): void {
    this.hops += 1;
    this.generations.add(hop.generation);
    if (hop.kind === 'hop' && this.off.has(hop.func))
      this.wrong.push(`packet ${hop.packet} at ${this.#nameOf(hop)}`);
    const known = this.#seen.get(hop.packet);
    if (known === undefined) this.#seen.set(hop.packet, [hop]);
    else known.push(hop);
  }

  free({ packet }: { readonly packet: number }): void {
    const hops = this.#seen.get(packet) ?? [];
    this.#seen.delete(packet);
    const path = hops
      .filter((hop) => this.#isSteady(hop))
      .map((hop) => this.#nameOf(hop))
      .join(' ');
    this.paths.set(path, (this.paths.get(path) ?? 0) + 1);
    this.examples.set(path, [
      `packet ${packet}`,
      ...hops.map(
        (hop) => `${hop.timeNs} ${this.#nameOf(hop)} netns ${hop.netns} if ${hop.ifindex} pid ${hop.pid}`,
      ),
    ]);
  }

  #isSteady(hop: Hop): boolean {
    return hop.kind === 'hop' && STEADY.some((stage) => stage === this.#agent().stageOf(hop.func));
  }

  #nameOf(hop: Hop): string {
    return hop.kind === 'drop' ? 'drop' : (this.#agent().functions.get(hop.func)?.name ?? '');
  }

  capture(state: CaptureState): void {
    if (state.phase === 'running') this.off = this.complement(state.probed ?? []);
  }

  /** Before it is asked for: what is to come may be seen at once. */
  expect(probed: readonly number[]): void {
    const more = new Set(probed);
    this.off = new Set([...this.off].filter((id) => !more.has(id)));
  }

  complement(probed: readonly number[]): ReadonlySet<number> {
    const on = new Set(probed);
    return new Set([...this.#agent().functions.keys()].filter((id) => !on.has(id)));
  }
}

/** Functions that a plan of ROUNDS probes. */
function probedBy(agent: ProbingAgent, { remove }: ProbePlan): readonly number[] {
  const isOff = (id: number, name: string) =>
    remove.functions.includes(name) || remove.stages.some((stage) => stage === agent.stageOf(id));
  return [...agent.functions.values()]
    .filter(({ id, name, isDefault }) => isDefault && !isOff(id, name))
    .map(({ id }) => id);
}

interface Holdings {
  readonly programs: number;
  readonly maps: number;
  readonly links: number;
}

/** Of the whole kernel: nothing else loads programs here. */
function holdings(): Holdings {
  const count = (what: string) =>
    JSON.parse(run('', join(ROOT, 'dist', 'bpftool'), '-j', what, 'show')).length;
  return {
    programs: count('prog'),
    maps: count('map'),
    links: count('link'),
  };
}

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

const memoryKb = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const LOOKS = 5;
/** What a JavaScript heap may grow by without anything being held. */
const HEAP_KB = 24 << 10;

async function switchThem(): Promise<void> {
  const ledger: Ledger = new Ledger(() => agent);
  const agent = new ProbingAgent(ledger);
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    const filter = { ...DEFAULT_SPEC.filter, expression: `udp dst port ${DATAGRAMS.port}` };
    await agent.apply({ filter, probes: DEFAULT_PLAN });
    await agent.until(() => [...ledger.paths.values()].some((count) => count >= 10), 'packets are seen');
    const [usual] = [...ledger.paths].sort(([, a], [, b]) => b - a)[0] ?? [''];
    check(usual.includes('ip_rcv') && usual.includes('udp_rcv'), 'the path of a datagram', usual);

    // whatever began before the capture was whole has ended by now
    for (const path of ledger.paths.keys()) if (path !== usual) ledger.paths.delete(path);

    let warm: Holdings | undefined;
    let warmKb = 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (let i = 1; i <= SWITCHES; i += 1) {
      const round = ROUNDS[i % ROUNDS.length] ?? ROUNDS[0];
      if (round === undefined) throw new Error('no rounds');
      const plan = planWithout(round);
      ledger.expect(probedBy(agent, plan));
      const before = ledger.hops;
      await agent.apply({ filter, probes: plan });
      equal(ledger.wrong, [], `events of what is off, after switch ${i}`);
      await agent.until(() => ledger.hops > before + 20, `packets are seen after switch ${i}`);
      if (i === WARM || i === SWITCHES) {
        ledger.expect(probedBy(agent, DEFAULT_PLAN));
        await agent.apply({ filter, probes: DEFAULT_PLAN });
        await agent.until(() => agent.stats?.detaching === 0, 'all that was switched off is detached');
        const now = holdings();
        if (warm === undefined) {
          warm = now;
          warmKb = memoryKb(agent.pid);
          // now and then the agent asks `ip` in other namespaces, through pipes
          for (let k = 0; k < LOOKS; k += 1) {
            fewest = Math.min(fewest, descriptors(agent.pid));
            holdings(); // takes a while
          }
        } else {
          equal(now, warm, 'programs, maps and links, as after the warm-up');
          await agent.until(() => descriptors(agent.pid) <= fewest, 'descriptors, as after the warm-up');
        }
      }
    }
    const grownKb = memoryKb(agent.pid) - warmKb;
    check(grownKb < HEAP_KB, 'the memory of the agent stays', grownKb);
    await agent.stop();
    equal(ledger.wrong, [], 'events of what is off');
    equal([...ledger.generations], [1], 'the session goes on: one generation');
    equal(agent.reader.missing, 0, 'events missing');
    equal(
      agent.stats?.lostRing.reduce((sum, one) => sum + one, 0),
      0,
      'events lost',
    );
    const others = [...ledger.paths].filter(([path]) => path !== usual);
    const example = others.map(([path]) => ledger.examples.get(path));
    check(others.length === 0, `every datagram is seen at ${usual}`, [
      others,
      example,
      `${agent.stats?.missed} hits skipped`,
    ]);
    console.log(`  # ${ledger.paths.get(usual)} datagrams, ${ledger.hops} hops, ${grownKb} kB more`);
  } finally {
    await agent.close();
  }
}

export const switching: readonly Scenario[] = [
  {
    name: 'probes are switched a hundred times while packets pass: nothing of what is off, all of the rest, no leak',
    run: () => withDatagrams(DATAGRAMS, switchThem),
  },
];
