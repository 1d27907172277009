/** Programs of tc and XDP are places of a packet's path: it enters and leaves them, and what they changed stands there. */
import { join } from 'node:path';
import { TAIL_TRACKED_PACKETS } from '../../../core/messages/source.ts';
import { decisionFunction } from '../../../core/model/deciders.ts';
import { DEFAULT_PLAN, planOf } from '../../../core/model/probes/plan.ts';
import { check, equal, only } from '../check.ts';
import { isDealt } from '../dealt.ts';
import { IS_6_1 } from '../deaths.ts';
import { address, ip, netnsOf, Running, shell, tool, wires, withNamespaces } from '../network.ts';
import { originals } from '../paths.ts';
import { ROOT } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { begins, functionsOf, statesOf } from '../story.ts';
import { type Packet, trace } from '../trace.ts';
import { ProbingAgent } from './agent.ts';

/** lab/net/programs.bpf.c, and what its programs give a packet. */
const OBJECT = join(ROOT, 'dist', 'programs.o');
const [MARK, TOS, MORE_BYTES] = [0x5b7, 0x20, 8];
const [LEFT, RIGHT] = ['h-left', 'h-right'];
const FIRST_NET = 190;
const FIRST_PORT = 8190;
/** Functions of the kernel between which the programs are. */
const AROUND = ['__dev_queue_xmit', 'dev_hard_start_xmit', 'ip_rcv_core'];

/** What is attached to the wire: `left` is what leaves by it. */
type How = 'cls_bpf' | 'tcx' | 'xdp' | 'xdpgeneric';
interface Case {
  readonly how: How;
  readonly path: readonly string[];
  /** Where a program that changes the packet is left, and what it then changes: fields before and after. */
  readonly changed: {
    readonly at: string;
    readonly fields: Readonly<Record<string, readonly [number, number]>>;
  };
}

const both = (name: string): readonly string[] => [name, `${name}+exit`];
const OUT = [...AROUND.slice(0, 1), ...both('tc_change'), ...AROUND.slice(1, 2)];
const IN = both('tc_look_at_what_comes');
/** A datagram of one byte: with its IP and Ethernet headers. */
const LENGTH = 14 + 20 + 8 + 2;
const BY_TC = {
  at: 'tc_change+exit',
  fields: { mark: [0, MARK], tos: [0, TOS], len: [LENGTH, LENGTH + MORE_BYTES] },
} as const;
const BY_XDP = { at: 'xdp_change+exit', fields: { tos: [0, TOS] } } as const;
const THROUGH_XDP = [...AROUND.slice(0, 2), ...both('xdp_change'), ...AROUND.slice(2)];

const ALL: readonly Case[] = [
  { how: 'cls_bpf', path: [...OUT, ...IN, ...AROUND.slice(2)], changed: BY_TC },
  { how: 'xdp', path: THROUGH_XDP, changed: BY_XDP },
  { how: 'xdpgeneric', path: THROUGH_XDP, changed: BY_XDP },
  { how: 'tcx', path: [...OUT, ...IN, ...AROUND.slice(2)], changed: BY_TC },
];
/** Programs are attached by tcx since 6.6. */
const CASES = IS_6_1 ? ALL.filter(({ how }) => how !== 'tcx') : ALL;

async function attach({ how }: Case, i: number): Promise<void> {
  const [left, right] = [`l${i}`, `r${i}`];
  if (how === 'xdp' || how === 'xdpgeneric')
    ip(RIGHT, `link set ${right} ${how} obj ${OBJECT} sec xdp/xdp_change`);
  else if (how === 'tcx') {
    await Running.start(LEFT, tool('tcx'), OBJECT, 'tc_change', left, 'egress');
    await Running.start(RIGHT, tool('tcx'), OBJECT, 'tc_look_at_what_comes', right, 'ingress');
  } else {
    for (const [netns, device, way, program] of [
      [LEFT, left, 'egress', 'tc_change'],
      [RIGHT, right, 'ingress', 'tc_look_at_what_comes'],
    ] as const)
      filterBy(netns, device, way, program);
  }
}

const filterBy = (netns: string, device: string, way: 'egress' | 'ingress', program: string): string =>
  shell(
    netns,
    `tc qdisc add dev ${device} clsact`,
    `tc filter add dev ${device} ${way} bpf da obj ${OBJECT} sec tc/${program}`,
  );

const withWires = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([LEFT, RIGHT], async () => {
    wires(LEFT, RIGHT, { firstNet: FIRST_NET, count: CASES.length });
    for (const [i, one] of CASES.entries()) await attach(one, i);
    await use();
  });

const send = (i: number): string =>
  shell(LEFT, `echo x > /dev/udp/${address(FIRST_NET + i, 2)}/${FIRST_PORT + i}`);

/** As the packet comes to the function, and where it was before. */
function seen(packet: Packet, { at, fields }: Case['changed'], what: string): void {
  const states = statesOf(packet);
  const index = packet.hops.findIndex(({ func }) => func === at);
  const found = Object.keys(fields).map((field) => [index - 1, index].map((i) => states[i]?.get(field) ?? 0));
  equal<unknown>(found, Object.values(fields), `${what}: ${Object.keys(fields).join(', ')} at ${at}`);
}

const atPrograms: Scenario = {
  name: 'a packet enters and leaves programs of tc and XDP, and what they changed stands where it leaves them',
  run: () =>
    withWires(async () => {
      const { packets } = await trace({
        args: ['--keep', '--route', '--module', 'bpf-tc,bpf-xdp', '--func', AROUND.join(','),
          `udp portrange ${FIRST_PORT}-${FIRST_PORT + 9}`],
        traffic: () => {
          for (const i of CASES.keys()) send(i);
        },
      }); // biome-ignore format: a command
      const own = originals(packets.values());
      equal(own.length, CASES.length, 'packets');
      for (const [i, { how, path, changed }] of CASES.entries()) {
        const packet = only(own, (one) => begins(one, 'dport', FIRST_PORT + i), `datagram through ${how}`);
        equal(functionsOf(packet), path, `path through ${how}`);
        seen(packet, changed, how);
        const depths = new Map(packet.hops.map(({ func, depth }) => [func, depth]));
        equal(
          path.filter((name) => depths.get(name) !== depths.get(name.replace('+exit', ''))),
          [],
          `exits by ${how} that are not as deep as their entries`,
        );
        equal(
          packet.hops.filter(({ module }) => /^bpf_/.test(String(module))).map(({ stage }) => stage),
          path.filter((name) => !AROUND.includes(name)).map(() => 'xdp/tc'),
          `stages of programs through ${how}`,
        );
      }
    }),
};

/** A program of tc that changes what leaves by the first wire, between two functions. */
const NAME = 'tc_change';
const [BEFORE = '', BEHIND = ''] = AROUND;
const WITHOUT = [BEFORE, BEHIND];
const WITHIN = [BEFORE, ...both(NAME), BEHIND];
const filter = { expression: `udp dst port ${FIRST_PORT}`, inner: '', keep: true };
const noPrograms = { ...planOf('none'), add: { ...DEFAULT_PLAN.add, functions: WITHOUT } };
const probes = { ...noPrograms, add: { ...noPrograms.add, modules: ['bpf_tc'] } };

const attachIt = () => filterBy(LEFT, 'l0', 'egress', NAME);
const detachIt = () => shell(LEFT, 'tc qdisc del dev l0 clsact');

/** An agent, and where a datagram is seen that goes by the first wire. */
class Watch {
  readonly agent: ProbingAgent;
  refused: readonly string[] = [];
  byTcx = 0;
  readonly #seen: string[] = [];
  #ended = 0;

  constructor() {
    this.agent = new ProbingAgent({
      hop: (hop) => {
        if (hop.kind === 'hop') this.#seen.push(this.agent.functions.get(hop.func)?.name ?? '');
      },
      free: () => {
        this.#ended += 1;
      },
      decision: (decision) => {
        if (decisionFunction(decision) === 'tcx_run') this.byTcx += 1;
      },
      capture: (state) => {
        if (state.phase === 'running') this.refused = state.refused.map(({ name }) => name);
      },
    });
  }

  async path(): Promise<readonly string[]> {
    this.#seen.length = 0;
    const until = this.#ended + 1;
    send(0);
    await this.agent.until(() => this.#ended >= until, 'the datagram ends');
    return [...this.#seen];
  }

  async becomes(expected: readonly string[], what: string): Promise<void> {
    let found = await this.path();
    for (let i = 0; i < 100 && found.join() !== expected.join(); i += 1) found = await this.path();
    equal(found, expected, what);
  }
}

async function withWatch(use: (watch: Watch) => Promise<void>): Promise<void> {
  await withNamespaces([LEFT, RIGHT], async () => {
    wires(LEFT, RIGHT, { firstNet: FIRST_NET, count: 1 });
    const watch = new Watch();
    const { agent } = watch;
    try {
      await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
      await use(watch);
      equal(agent.reader.missing, 0, 'events missing');
      await agent.stop();
    } finally {
      await agent.close();
    }
  });
}

async function comeAndGo(watch: Watch): Promise<void> {
  const { agent } = watch;
  const ids = () => [...agent.functions.values()].filter(({ name }) => name === NAME).map(({ id }) => id);
  await agent.apply({ filter, probes });
  equal(await watch.path(), WITHOUT, 'path without a program');
  attachIt();
  await watch.becomes(WITHIN, 'path when a program has come');
  equal(ids().length, 1, 'functions of its name');
  const [id] = ids();
  detachIt();
  attachIt();
  await watch.becomes(WITHIN, 'path when it was loaded anew');
  equal(ids(), [id], 'functions of its name, when it was loaded anew');
  await agent.apply({ filter, probes: noPrograms });
  equal(await watch.path(), WITHOUT, 'path when programs are off');
  await agent.apply({ filter, probes });
  equal(await watch.path(), WITHIN, 'path when programs are on again');
  const other = { ...filter, expression: `${filter.expression} and ip` };
  await agent.apply({ filter: other, probes });
  equal(await watch.path(), WITHIN, 'path with another filter');
  const remove = { ...DEFAULT_PLAN.remove, functions: [`${NAME}+exit`] };
  await agent.apply({ filter, probes: { ...probes, remove } });
  equal(await watch.path(), [BEFORE, NAME, BEHIND], 'path without exits');
  if (IS_6_1) return;
  detachIt();
  await agent.apply({ filter, probes });
  await Running.start(LEFT, tool('tcx'), OBJECT, NAME, 'l0', 'egress');
  await watch.becomes(WITHIN, 'path when it is attached by tcx');
  check(watch.byTcx > 0, 'what it decides is told, too');
}

/** Each makes the kernel look at other parts of a program's copy of the hop. */
async function askForMore(watch: Watch): Promise<void> {
  const { agent } = watch;
  attachIt();
  const tail = { slowUs: 0, newPaths: true, oneIn: 1 };
  await agent.apply({ filter, probes, tail, trackedPackets: TAIL_TRACKED_PACKETS });
  await watch.becomes(WITHIN, 'path in tail mode');
  equal(watch.refused, [], 'refused in tail mode');
  await agent.apply({ filter, probes, stacks: 'all', controlBlock: true, flowRate: 1000 });
  await watch.becomes(WITHIN, 'path with stacks and control blocks');
  equal(watch.refused, [], 'refused with stacks and control blocks');
  // the mark that it gives does not match
  const all = {
    ...filter,
    keep: false,
    netns: netnsOf(LEFT),
    interface: 'l0',
    mark: { value: 0, mask: MARK },
  };
  await agent.apply({ filter: all, probes });
  await watch.becomes([BEFORE, NAME], 'path up to where it does not match any more');
  await agent.apply({ filter: { ...all, inner: 'udp', pid: agent.pid }, probes, flowRate: 1000 });
  equal(watch.refused, [], 'refused with all conditions');
}

export const programHops: readonly Scenario[] = [
  atPrograms,
  {
    name: 'a program that comes while a capture runs is on the path within seconds, under the same name when it comes again',
    run: () => withWatch(comeAndGo),
  },
  // each of its captures is made on one of the two kernels only: what they are made of is the same
  ...(isDealt && !IS_6_1
    ? []
    : [
        {
          name: 'programs are on the path whatever else is asked for',
          run: () => withWatch(askForMore),
        },
      ]),
];
