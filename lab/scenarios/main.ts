/**
 * The kernel's part of the tests: runs inside the lab, as root, on whatever kernel was booted.
 *
 *   npm run lab -- --kernel 6.1 --net -- node dist/scenarios.mjs [WORD…]
 *
 * Prints one line per scenario and `N passed, N failed`; exit status 1 when one failed. With words, only the
 * scenarios whose name contains one of them, or all of a group: `flags`. With the word `--dealt`, as the tests run
 * them (dealt.ts).
 */
import { beside } from './beside.ts';
import { connections } from './connections.ts';
import { isDealt } from './dealt.ts';
import { doctor } from './doctor/doctor.ts';
import { drops } from './drops.ts';
import { duplicates } from './duplicates.ts';
import { expecting } from './expecting.ts';
import { expressionTable } from './expressions/expressions.ts';
import { extensions } from './extensions.ts';
import { fairness } from './fairness.ts';
import { filters } from './filters.ts';
import { flags } from './flags.ts';
import { flows } from './flows.ts';
import { held } from './held.ts';
import { identity } from './identity.ts';
import { ipsec } from './ipsec.ts';
import { ipv6Drops } from './ipv6-drops.ts';
import { keeping } from './keeping.ts';
import { lifetimes } from './lifetimes.ts';
import { lineage } from './lineage.ts';
import { nat } from './nat.ts';
import { owners } from './owners.ts';
import { paths } from './paths.ts';
import { printing } from './printing.ts';
import { exchanging } from './probes/exchanging.ts';
import { joining } from './probes/joining.ts';
import { modules } from './probes/modules.ts';
import { others } from './probes/others.ts';
import { pricing } from './probes/pricing.ts';
import { programHops } from './probes/programs.ts';
import { settling } from './probes/settling.ts';
import { switching } from './probes/switching.ts';
import { typed } from './probes/typed.ts';
import { programs } from './programs.ts';
import { recordings } from './recordings.ts';
import { routingDrops } from './routing-drops.ts';
import { rules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { segmentation } from './segments.ts';
import { endShared } from './shared.ts';
import { socketDrops } from './socket-drops.ts';
import { stacks } from './stacks.ts';
import { starts } from './starts.ts';
import { steps } from './steps.ts';
import { tails } from './tails.ts';
import { kernelVersion } from './trace.ts';
import { tunnels } from './tunnels.ts';
import { wireguard } from './wireguard.ts';
import { wiring } from './wiring/wiring.ts';

const words = process.argv.slice(2).filter((word) => word !== '--dealt');

/** By the names of their files, more or less. */
type Groups = Readonly<Record<string, readonly Scenario[]>>;

/** Where versions of the kernel, and ways to attach, differ most. */
const onBoth: Groups = {
  settling,
  paths,
  drops,
  routingDrops,
  expressionTable,
  switching,
  steps,
  rules,
  others,
  starts,
  programHops,
};
/** Programs there that are loaded on one of them only, or what takes them much longer; the rest is dealt out. */
const on6_12: Groups = {
  socketDrops, held, programs, nat, beside, exchanging, joining, pricing, modules, filters, doctor, identity, flows, tunnels, ipsec, extensions, printing, recordings, expecting,
}; // biome-ignore format: a list
const on6_1: Groups = {
  ipv6Drops, typed, lineage, segmentation, owners, connections, stacks, fairness, flags, duplicates, wireguard, wiring, lifetimes, keeping,
}; // biome-ignore format: a list

/** Their captures are others than those that the rest shares: on both kernels, after it. */
const groups: Groups = { ...onBoth, ...on6_12, ...on6_1, tails };
/** They attach programs by tcx, which a capture does not see that has begun. */
const fresh: readonly string[] = ['programs'];
/** They start commands or agents of their own, and want the kernel for themselves: the others' capture has ended. */
const alone: readonly string[] = [
  'stacks', 'fairness', 'printing', 'expressionTable', 'identity', 'flows', 'held', 'switching', 'exchanging', 'settling', 'typed', 'joining', 'pricing', 'modules', 'others', 'wiring', 'lifetimes',
  'starts', 'doctor', 'programHops', 'recordings', 'keeping', 'expecting',
]; // biome-ignore format: a list
const isElsewhere = (group: string): boolean =>
  isDealt && group in (kernelVersion().startsWith('6.1.') ? on6_12 : on6_1);
const chosen = Object.entries(groups)
  .filter(([group]) => !isElsewhere(group))
  .flatMap(([group, scenarios]) => scenarios.map((scenario) => ({ group, scenario })))
  .filter(
    ({ group, scenario: { name } }) =>
      words.length === 0 || words.some((word) => group === word || name.includes(word)),
  )
  .sort((a, b) => Number(alone.includes(a.group)) - Number(alone.includes(b.group)));

let passed = 0;
let failed = 0;
console.log(`# kernel ${kernelVersion()}, ${chosen.length} scenarios`);
for (const { group, scenario } of chosen) {
  if (fresh.includes(group) || alone.includes(group)) await endShared(alone.includes(group));
  const begin = performance.now();
  try {
    await scenario.run();
    passed += 1;
    console.log(`ok ${scenario.name} (${seconds(begin)})`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${scenario.name} (${seconds(begin)})`);
    console.log(
      (error instanceof Error ? (error.stack ?? error.message) : String(error)).replace(/^/gm, '  # '),
    );
  }
}
await endShared();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function seconds(begin: number): string {
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`;
}
