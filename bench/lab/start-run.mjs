/**
 * `npm run bench:start`: how long traces take to start and stop, on the lab's kernels (start.ts runs inside). Builds
 * what is older than its sources. `-- --kernel 6.12` only that one, and writes nothing.
 */
import { runBenchmark } from '../runner.mjs';

await runBenchmark({
  entries: { 'bench/lab/start': 'bench-start', 'bench/lab/start-main': 'bench-start-main' },
  main: 'bench-start-main',
});
