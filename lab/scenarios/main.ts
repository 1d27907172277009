/**
 * The kernel's part of the tests: runs inside the lab, as root, on whatever kernel was booted.
 *
 *   npm run lab -- --kernel 6.1 --net -- node dist/scenarios.mjs [WORD…]
 *
 * Prints one line per scenario and `N passed, N failed`; exit status 1 when one failed. With words, only the
 * scenarios whose name contains one of them, or all of a group: `flags`.
 */
import { connections } from './connections.ts';
import { drops } from './drops.ts';
import { duplicates } from './duplicates.ts';
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
import { lifetimes } from './lifetimes.ts';
import { lineage } from './lineage.ts';
import { nat } from './nat.ts';
import { owners } from './owners.ts';
import { paths } from './paths.ts';
import { printing } from './printing.ts';
import { programs } from './programs.ts';
import { routingDrops } from './routing-drops.ts';
import { rules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { segmentation } from './segments.ts';
import { socketDrops } from './socket-drops.ts';
import { stacks } from './stacks.ts';
import { steps } from './steps.ts';
import { kernelVersion } from './trace.ts';
import { tunnels } from './tunnels.ts';
import { wireguard } from './wireguard.ts';
import { wiring } from './wiring/wiring.ts';

const words = process.argv.slice(2);
/** By the names of their files, more or less. */
const groups: Readonly<Record<string, readonly Scenario[]>> = {
  paths,
  drops,
  routingDrops,
  ipv6Drops,
  socketDrops,
  owners,
  connections,
  stacks,
  fairness,
  filters,
  flags,
  printing,
  expressionTable,
  identity,
  flows,
  lineage,
  duplicates,
  segmentation,
  held,
  tunnels,
  wireguard,
  programs,
  nat,
  steps,
  rules,
  ipsec,
  extensions,
  wiring,
  lifetimes,
};
const all = Object.entries(groups).flatMap(([group, scenarios]) =>
  scenarios.map((scenario) => ({ group, scenario })),
);
const chosen = all
  .filter(
    ({ group, scenario: { name } }) =>
      words.length === 0 || words.some((word) => group === word || name.includes(word)),
  )
  .map(({ scenario }) => scenario);

let passed = 0;
let failed = 0;
console.log(`# kernel ${kernelVersion()}, ${chosen.length} scenarios`);
for (const scenario of chosen) {
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
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function seconds(begin: number): string {
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`;
}
