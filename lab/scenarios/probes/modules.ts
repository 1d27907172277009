/** A module that is loaded while a capture runs is probed; when it is gone, what was seen there keeps its name. */
import { DEFAULT_SPEC } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN } from '../../../core/model/probes/plan.ts';
import { check, equal } from '../check.ts';
import { shell, tool } from '../network.ts';
import type { Scenario } from '../scenario.ts';
import { ProbingAgent } from './agent.ts';

/** Another one than that of the starts. */
const MODULE = 'dummy';
const FUNCTION = 'dummy_xmit';
const PORT = 7604;
const LINKS = [
  'ip link add dummy81 type dummy',
  'ip addr add 10.164.0.1/24 dev dummy81',
  'ip link set dummy81 up',
];
const datagram = (): string =>
  shell('', `${tool('udpblast')} send 10.164.0.9 ${PORT} 1 0`, 'ip neigh flush dev dummy81');

async function comeAndGo(): Promise<void> {
  const seen: string[] = [];
  let ended = 0;
  const ids = new Set<number>();
  const agent = new ProbingAgent({
    hop(hop) {
      if (hop.kind !== 'hop') return;
      const name = agent.functions.get(hop.func)?.name ?? '';
      seen.push(name);
      if (name === FUNCTION) ids.add(hop.func);
    },
    free() {
      ended += 1;
    },
    capture: () => undefined,
  });
  const known = () => [...agent.functions.values()].filter(({ name }) => name === FUNCTION);
  const isThere = () => known().some(({ isGone }) => isGone !== true);
  /** Where a datagram out of the module's interface is seen. */
  const send = async (): Promise<readonly string[]> => {
    seen.length = 0;
    const before = ended;
    datagram();
    await agent.until(() => ended > before, 'the datagram ends');
    return [...new Set(seen)];
  };
  try {
    await agent.until(() => agent.functions.size > 0, 'the agent tells its functions');
    equal(known(), [], 'functions of a module that is not loaded');
    const filter = { ...DEFAULT_SPEC.filter, expression: `udp dst port ${PORT}` };
    const probes = { ...DEFAULT_PLAN, base: 'none' as const, add: { ...DEFAULT_PLAN.add, modules: [MODULE], functions: ['ip_output'] } }; // biome-ignore format: a plan
    await agent.apply({ filter, probes });
    for (let round = 1; round <= 2; round += 1) {
      shell('', `modprobe ${MODULE} numdummies=0`, ...LINKS);
      // without a neighbour the kernel would ask for one first
      shell('', 'ip neigh replace 10.164.0.9 lladdr 02:00:00:00:00:09 dev dummy81 nud permanent');
      await agent.until(isThere, 'the agent tells the functions of the module');
      await agent.until(() => agent.stats !== undefined, 'counts');
      // they are told before they are probed
      let at = await send();
      for (let i = 0; i < 50 && !at.includes(FUNCTION); i += 1) {
        shell('', 'ip neigh replace 10.164.0.9 lladdr 02:00:00:00:00:09 dev dummy81 nud permanent');
        at = await send();
      }
      check(
        at.includes('ip_output') && at.includes(FUNCTION),
        `hops, with the module there for the ${round}. time`,
        at,
      );
      await agent.apply({ filter, probes: { ...probes, add: { ...probes.add, modules: [] } } });
      await agent.until(() => agent.stats?.detaching === 0, 'the module is let go');
      shell('', 'ip link del dummy81', `modprobe -r ${MODULE}`);
      await agent.until(() => !isThere(), 'the agent tells that they are gone');
      check(known().length === round, 'they keep their names', known());
      await agent.apply({ filter, probes });
    }
    equal(ids.size, 2, 'ids of a function that came twice');
    equal(agent.reader.missing, 0, 'events missing');
    await agent.stop();
  } finally {
    await agent.close();
    shell('', 'ip link del dummy81 2> /dev/null || true', `modprobe -r ${MODULE} || true`);
  }
}

export const modules: readonly Scenario[] = [
  {
    name: 'a module that is loaded while a capture runs is probed, and what is gone keeps its name',
    run: comeAndGo,
  },
];
