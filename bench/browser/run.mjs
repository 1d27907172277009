/** `npm run bench:browser`: builds what is older than its sources, and runs the benchmarks (main.ts). */
import { runBenchmark } from '../runner.mjs';

await runBenchmark({
  entries: { 'bench/browser/main': 'bench-browser', 'bench/browser/source': 'bench-source' },
  main: 'bench-browser',
});
