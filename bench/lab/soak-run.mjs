/**
 * `npm run bench:soak`: what memory does in two hours under load, in the lab (soak.ts runs inside). Builds what is older
 * than its sources. `-- --minutes N --kernel SERIES`: for as long, on that kernel, and writes nothing.
 */
import { runBenchmark } from '../runner.mjs';

await runBenchmark({
  entries: { 'bench/lab/soak': 'bench-soak', 'bench/lab/soak-main': 'bench-soak-main' },
  main: 'bench-soak-main',
});
