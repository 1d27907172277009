/** Probes as typed programs: what they tell is what other probes tell, and so is how they are switched. */
import { execFileSync } from 'node:child_process';
import { type CaptureState, DEFAULT_SPEC, type ProbePlan } from '../../../core/messages/source.ts';
import type { Hop } from '../../../core/model/hop.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { probes, untilDetached, untilGone } from '../holders.ts';
import { run, tool } from '../network.ts';
import { BPFTOOL } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { kernelVersion } from '../trace.ts';
import { ProbingAgent } from './agent.ts';

/** A datagram of the sample network, from web over the bridge to db. */
const SERVER = '10.1.0.3';
const PORT = 7000;
const OTHER_PORT = 7001;
/** The skb as first, second and third argument, and behind a pointer (br_handle_frame); of modules, too. */
const FUNCTIONS = [
  '__ip_local_out', 'ip_output', '__dev_queue_xmit', 'veth_xmit', 'br_handle_frame', 'nf_hook_slow',
  'ip_rcv', 'ip_local_deliver', 'udp_rcv',
] as const; // biome-ignore format: a list
const AWAY = 'ip_rcv';
/** Of more arguments than a typed program could have before 6.6. */
const LONG = 'fib_validate_source';

const planOf = (functions: readonly string[]): ProbePlan => ({
  ...DEFAULT_PLAN,
  base: 'none',
  add: { ...DEFAULT_PLAN.add, functions: [...functions] },
});
const filterOf = (port: number) => ({ ...DEFAULT_SPEC.filter, expression: `udp dst port ${port}` });

/** One agent, and the paths of the datagrams that are sent while it captures. */
class Watched {
  readonly agent: ProbingAgent;
  readonly #hops = new Map<number, Hop[]>();
  readonly #ended: number[] = [];
  #capture: CaptureState = { phase: 'idle' };

  constructor() {
    this.agent = new ProbingAgent({
      hop: (hop) => {
        const known = this.#hops.get(hop.packet);
        if (known === undefined) this.#hops.set(hop.packet, [hop]);
        else known.push(hop);
      },
      free: ({ packet }) => this.#ended.push(packet),
      capture: (state) => {
        this.#capture = state;
      },
    });
  }

  get running() {
    check(this.#capture.phase === 'running', 'a capture runs', this.#capture);
    return this.#capture;
  }

  /** Function and depth, in their order, of one datagram that is sent now. */
  async path(port = PORT): Promise<readonly string[]> {
    this.#hops.clear();
    const before = this.#ended.length;
    run('web', tool('udpblast'), 'send', SERVER, String(port), '1', '0');
    await this.agent.until(() => this.#ended.length > before, 'the datagram ends');
    equal([...this.#hops.keys()], [this.#ended.at(-1)], 'packets');
    return [...this.#hops.values()].flat().map((hop) => `${hop.depth} ${this.#nameOf(hop)}`);
  }

  #nameOf(hop: Hop): string {
    return hop.kind === 'drop' ? 'drop' : (this.agent.functions.get(hop.func)?.name ?? '');
  }
}

const ownPrograms = (): number =>
  (
    JSON.parse(execFileSync(BPFTOOL, ['-j', 'prog', 'list'], { encoding: 'utf8' })) as { name?: string }[]
  ).filter(({ name }) => name?.startsWith('skbt_') === true).length;

async function compare(): Promise<void> {
  const watched = new Watched();
  const { agent } = watched;
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    const all = { filter: filterOf(PORT), probes: planOf([...FUNCTIONS, LONG]) };
    await agent.apply(all);
    check(watched.running.backend !== 'fentry', 'the backend that is chosen', watched.running);
    await watched.path(); // neighbours are known from here on
    const usual = await watched.path();
    check(usual.length > FUNCTIONS.length, 'functions are passed more than once', usual);
    check(usual.some((hop) => hop.endsWith(` ${LONG}`)), 'the function of many arguments is passed', usual); // biome-ignore format: short
    await agent.stop();
    await untilDetached();

    await agent.apply({ ...all, backend: 'fentry' });
    equal(watched.running.backend, 'fentry', 'the backend that is asked for');
    const isRefused = kernelVersion().startsWith('6.1.');
    equal(watched.running.refused.map(({ name }) => name), isRefused ? [LONG] : [], 'refused'); // biome-ignore format: short
    if (isRefused)
      check(
        watched.running.refused[0]?.reason.includes('too many arguments') === true,
        'why',
        watched.running.refused,
      );
    const typed = usual.filter((hop) => !isRefused || !hop.endsWith(` ${LONG}`));
    equal(await watched.path(), typed, 'the path by typed probes');

    // other settings, and back: neither has a hop of the other's
    await agent.apply({ ...all, backend: 'fentry', filter: filterOf(OTHER_PORT) });
    equal(watched.running.generation, 2, 'the settings are exchanged');
    run('web', tool('udpblast'), 'send', SERVER, String(PORT), '3', '0');
    check((await watched.path(OTHER_PORT)).length > 0, 'what matches now has a path');
    await agent.apply({ ...all, backend: 'fentry' });
    equal(watched.running.generation, 3, 'and once more');
    equal(await watched.path(), typed, 'the path under the first settings again');

    const fewer = {
      ...all,
      backend: 'fentry',
      probes: planOf(FUNCTIONS.filter((name) => name !== AWAY)),
    } as const;
    await agent.apply(fewer);
    const without = await watched.path();
    check(
      !without.some((hop) => hop.endsWith(` ${AWAY}`)),
      'a function that was taken out has no hop',
      without,
    );
    await agent.apply({ ...all, backend: 'fentry' });
    equal(await watched.path(), typed, 'the path when it is back');
    await agent.apply({ ...all, backend: 'fentry', probes: planOf([...FUNCTIONS, LONG, 'ip_rcv_core']) });
    const more = await watched.path();
    check(
      more.some((hop) => hop.endsWith(' ip_rcv_core')),
      'a function that came has hops',
      more,
    );

    check(probes() > 0, 'functions are traced');
    equal(agent.stats?.missed, 0, 'hits missed');
    await agent.stop();
    await untilDetached();
    await untilGone(() => ownPrograms() === 0, 'no program of ours is left');
  } finally {
    await agent.close();
  }
}

export const typed: readonly Scenario[] = [
  {
    name: 'fentry: typed probes tell the paths that others tell, are switched as they are, and leave nothing',
    run: compare,
  },
];
